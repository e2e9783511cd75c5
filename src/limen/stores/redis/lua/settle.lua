-- `throttle.refunded`. ARGV[3] keys to forget, then pairs of a key and its limit's `free`.
local forgotten = tonumber(ARGV[3])
for i = 4, 3 + forgotten do
  redis.call('DEL', base .. 'b' .. ARGV[i])
  redis.call('ZREM', base .. 'B', ARGV[i])
end
for i = 4 + forgotten, #ARGV, 2 do
  local kept = redis.call('GET', base .. 'b' .. ARGV[i])
  if kept and #kept == 32 then
    local charges, opens, last, ends = struct.unpack('>dddd', kept)
    charges = math.max(charges - 1, 0)
    if charges < tonumber(ARGV[i + 1]) then opens = math.min(last, opens) end
    redis.call('SET', base .. 'b' .. ARGV[i], struct.pack('>dddd', charges, opens, last, ends), 'KEEPTTL')
  end
end
return {'settled'}
