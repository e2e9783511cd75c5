-- Each index is walked from its old end and no further than the limit.
local now, limit = ARGV[3], ARGV[4]
together(base .. 'S', base .. 'B')
local count = 0
for _, sid in ipairs(redis.call('ZRANGEBYSCORE', base .. 'E', '-inf', now, 'LIMIT', 0, limit)) do
  local record = record_of(sid)
  remove(sid, record and account_of(record) or '')
  count = count + 1
end
local over = redis.call('ZRANGEBYSCORE', base .. 'U', '-inf', now, 'WITHSCORES', 'LIMIT', 0, limit)
local swept = tonumber(redis.call('HGET', base .. 'S', 'position') or 0)
for i = 1, #over, 2 do
  redis.call('XDEL', base .. 'F', string.format('%.0f', tonumber(over[i])) .. '-0')
  redis.call('ZREM', base .. 'U', over[i])
  swept = math.max(swept, tonumber(over[i]))
  count = count + 1
end
if #over > 0 then
  local forgotten = math.max(tonumber(redis.call('HGET', base .. 'S', 'until') or 0), tonumber(over[#over]))
  redis.call('HSET', base .. 'S', 'position', swept, 'until', string.format('%.17g', forgotten))
end
for _, key in ipairs(redis.call('ZRANGEBYSCORE', base .. 'B', '-inf', now, 'LIMIT', 0, limit)) do
  redis.call('DEL', base .. 'b' .. key)
  redis.call('ZREM', base .. 'B', key)
  count = count + 1
end
return {'swept', count}
