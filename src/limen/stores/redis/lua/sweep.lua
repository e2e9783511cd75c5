-- Each index is walked from its old end and no further than the limit.
local now, limit = ARGV[3], ARGV[4]
local count = 0
for _, sid in ipairs(redis.call('ZRANGEBYSCORE', base .. 'E', '-inf', now, 'LIMIT', 0, limit)) do
  local record = record_of(sid)
  remove(sid, record and account_of(record) or '')
  count = count + 1
end
for _, padded in ipairs(redis.call('ZRANGEBYSCORE', base .. 'U', '-inf', now, 'LIMIT', 0, limit)) do
  redis.call('XDEL', base .. 'F', string.format('%.0f', tonumber(padded)) .. '-0')
  redis.call('ZREM', base .. 'U', padded)
  count = count + 1
end
for _, key in ipairs(redis.call('ZRANGEBYSCORE', base .. 'B', '-inf', now, 'LIMIT', 0, limit)) do
  redis.call('DEL', base .. 'b' .. key)
  redis.call('ZREM', base .. 'B', key)
  count = count + 1
end
return {'swept', count}
