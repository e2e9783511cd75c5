-- Every script begins with this. KEYS[1] says what this Redis holds; each other key begins with ARGV[2] and has the
-- same hash tag, so that a deployment lies in one slot. Nothing is done unless the fence, which names the epoch and the
-- run of the server, is the one that the caller knows: a flushed, restored or failed-over Redis is settled first.
local meta, base = KEYS[1], ARGV[2]
if redis.call('HGET', meta, 'fence') ~= ARGV[1] then
  return {'fence'}
end

-- While our slot moves to another node of a Cluster, a key may be there already, and a script that meets it in the
-- middle would be half done. Asking first after those that it will write fails as a whole, and costs nothing else.
local function together(...)
  redis.call('EXISTS', ...)
end
together(base .. 'F', base .. 'U', base .. 'E')

-- Offsets of a session's record, as `records` packs it. Instants are big-endian doubles.
local HEADER, ACCOUNT, GENERATION, DIGEST, ROTATED, TOUCHED, ENDS, EXPIRES = 138, 26, 42, 46, 78, 86, 94, 102

local function instant(record, at)
  return (struct.unpack('>d', record, at))
end

local function record_of(sid)
  local record = redis.call('GET', base .. 's' .. sid)
  return record and #record >= HEADER and record
end

local function account_of(record)
  return string.sub(record, ACCOUNT, ACCOUNT + 15)
end

-- Counts what must not be lost: a Redis that has counted less than was acknowledged has gone back in time.
local function counted()
  return redis.call('HINCRBY', meta, 'writes', 1)
end

local function uuid(raw)
  local hex = string.gsub(raw, '.', function(c) return string.format('%02x', string.byte(c)) end)
  return string.sub(hex, 1, 8) .. '-' .. string.sub(hex, 9, 12) .. '-' .. string.sub(hex, 13, 16) .. '-'
    .. string.sub(hex, 17, 20) .. '-' .. string.sub(hex, 21)
end

local function milliseconds(sid)
  local ms = 0
  for i = 1, 6 do ms = ms * 256 + string.byte(sid, i) end
  return ms
end

-- Appends an event; positions are given here and nowhere else, so their order is the order of the scripts.
local function append(kind, subject, upto, until_, at, why, outbox)
  local position = redis.call('HINCRBY', meta, 'position', 1)
  redis.call('XADD', base .. 'F', string.format('%.0f-0', position), 'k', kind, 's', subject, 'u', upto, 'n', until_, 'a', at,
    'w', why, 'o', outbox or '')
  redis.call('ZADD', base .. 'U', until_, string.format('%016.0f', position))
  return position
end

-- `revocations.lasting`: `until` moved with the latest rotation that an event covers, where a clock went back.
local function lasting(until_, now, latest)
  if latest <= tonumber(now) then return until_ end
  return string.format('%.17g', tonumber(until_) + (latest - tonumber(now)))
end

local function rotated(record)
  return record and #record >= HEADER and instant(record, ROTATED) or 0
end

-- Removing comes first in every script: out of memory, Redis still lets through a script that has begun to write.
local function remove(sid, account)
  redis.call('DEL', base .. 's' .. sid)
  redis.call('ZREM', base .. 'a' .. account, sid)
  redis.call('ZREM', base .. 'E', sid)
end
