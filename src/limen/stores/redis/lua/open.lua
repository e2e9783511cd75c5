local sid, account, record, ends, ttl, limit, now, until_, seen, again = unpack(ARGV, 3)
record = string.sub(record, 1, 1) .. struct.pack('>I8', tonumber(redis.call('HGET', meta, 'epoch')))
  .. string.sub(record, 10)
local cut = redis.call('GET', base .. 'c' .. account)
if cut and tonumber(cut) > tonumber(seen) then
  return {'ahead', 0, cut}
end
local floor = redis.call('HGET', meta, 'floor')
if floor and milliseconds(sid) <= tonumber(floor) then
  return {'floor', 0, floor}
end
local there = redis.call('GET', base .. 's' .. sid)
if there then
  -- Asked again because the answer was lost: the very record is there, and was opened by the same caller.
  if again == '1' and there == record then return {'opened', redis.call('HGET', meta, 'writes')} end
  return {'taken', 0}
end

local index = base .. 'a' .. account
local answer, victims = {'opened', 0}, {}
if limit ~= '' then
  for _, other in ipairs(redis.call('ZRANGE', index, 0, -1)) do
    local end_ = redis.call('ZSCORE', base .. 'E', other)
    if end_ and tonumber(end_) > tonumber(now) then victims[#victims + 1] = other end
  end
end
for i = 1, #victims + 1 - (tonumber(limit) or #victims + 1) do
  local last = lasting(until_, now, rotated(redis.call('GET', base .. 's' .. victims[i])))
  remove(victims[i], account)
  answer[#answer + 1] = append('session', uuid(victims[i]), now, last, now, 'session_limit')
  answer[#answer + 1] = victims[i]
  answer[#answer + 1] = last
end
redis.call('SET', base .. 's' .. sid, record, 'PX', ttl)
redis.call('ZADD', index, 0, sid)
if redis.call('PTTL', index) < tonumber(ttl) then redis.call('PEXPIRE', index, ttl) end
redis.call('ZADD', base .. 'E', ends, sid)
answer[2] = #answer > 2 and counted() or redis.call('HGET', meta, 'writes')
return answer
