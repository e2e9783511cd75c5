local sid, now, idle_end = ARGV[3], tonumber(ARGV[4]), tonumber(ARGV[5])
local record = record_of(sid)
if not record or now >= instant(record, ENDS) then
  return {'gone'}
end
local ends = math.max(instant(record, ENDS), math.min(idle_end, instant(record, EXPIRES)))
local fields = struct.pack('>dd', math.max(instant(record, TOUCHED), now), ends)
record = string.sub(record, 1, TOUCHED - 1) .. fields .. string.sub(record, EXPIRES)
redis.call('SET', base .. 's' .. sid, record, 'KEEPTTL')
redis.call('ZADD', base .. 'E', ends, sid)
return {'touched'}
