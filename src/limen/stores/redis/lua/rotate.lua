local sid, spent, fresh, now, idle_end = unpack(ARGV, 3)
local record = record_of(sid)
if not record or tonumber(now) >= instant(record, ENDS) then
  return {'gone'}
end
if string.sub(record, DIGEST, DIGEST + 31) ~= spent then
  -- Counted, so that it is confirmed as well: it may answer for a rotation whose own answer never came.
  return {'stale', counted(), record}
end
local generation = struct.unpack('>I4', record, GENERATION) + 1
local ends = math.min(tonumber(idle_end), instant(record, EXPIRES))
local fields = struct.pack('>I4', generation) .. fresh
  .. struct.pack('>ddd', tonumber(now), tonumber(now), ends)
record = string.sub(record, 1, GENERATION - 1) .. fields .. string.sub(record, EXPIRES)
redis.call('SET', base .. 's' .. sid, record, 'KEEPTTL')
redis.call('ZADD', base .. 'E', ends, sid)
return {'rotated', counted(), record}
