local account = ARGV[3]
local found = {'listed'}
for _, sid in ipairs(redis.call('ZREVRANGE', base .. 'a' .. account, 0, -1)) do
  local record = redis.call('GET', base .. 's' .. sid)
  if record then
    found[#found + 1] = record
  else
    redis.call('ZREM', base .. 'a' .. account, sid)
  end
end
return found
