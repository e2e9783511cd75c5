-- `throttle.charge`, operation by operation on the same doubles. Nothing is kept before every bucket has agreed.
local now = tonumber(ARGV[3])
local charged, order = {}, {}
together(base .. 'B')

local function bucket_of(key)
  local kept = redis.call('GET', base .. 'b' .. key)
  if not kept or #kept ~= 32 then return nil end
  local charges, opens, last, ends = struct.unpack('>dddd', kept)
  return {charges = charges, opens = opens, last = last, ends = ends}
end

for i = 4, #ARGV, 7 do
  local key, free, first, longest, drain, cap, keep = unpack(ARGV, i, i + 6)
  free, first, longest, keep = tonumber(free), tonumber(first), tonumber(longest), tonumber(keep)
  local bucket = charged[key] or bucket_of(key)
  local charges, last, left = 0, now, 0
  if bucket then
    -- A last charge that lies ahead by more than the longest wait was made by a clock that was wrong.
    local is_wrong = bucket.last - now > longest
    last = is_wrong and now or math.max(now, bucket.last)
    charges = bucket.charges
    if drain ~= '' then
      charges = math.max(charges - math.max(last - bucket.last, 0) / tonumber(drain), 0)
    end
    left = is_wrong and 0 or bucket.opens - now - math.max(bucket.last - now, 0)
  end
  if cap ~= '' and charges >= tonumber(cap) then
    return {'wait', (i - 4) / 7, string.format('%.17g', longest), 1}
  end
  if left > 0 then
    return {'wait', (i - 4) / 7, string.format('%.17g', math.min(left, longest)), 0}
  end
  charges = charges + 1
  local over, delay = charges - free, 0
  if over >= 0 then delay = math.min(first * 2 ^ math.min(over, 40), longest) end
  if not charged[key] then order[#order + 1] = key end
  charged[key] = {charges = charges, opens = last + delay, last = last, ends = last + keep, keep = keep}
end
for _, key in ipairs(order) do
  local b = charged[key]
  local ttl = string.format('%.0f', (b.ends - now + 86400) * 1000)
  redis.call('SET', base .. 'b' .. key, struct.pack('>dddd', b.charges, b.opens, b.last, b.ends), 'PX', ttl)
  redis.call('ZADD', base .. 'B', b.ends, key)
end
return {'charged'}
