-- Says under which fence this Redis goes on, unless somebody else has said so since it was looked at. No prelude: the
-- fence is what this is about. With an event, all that was is left behind: a new epoch has keys of its own.
local meta, before, fence, epoch, base, gap, position, writes, born, floor = KEYS[1], unpack(ARGV)
if (redis.call('HGET', meta, 'fence') or '') ~= before then
  return {'fence'}
end
-- As in the prelude: the fence must not be set without the event that goes with it.
redis.call('EXISTS', base .. 'F', base .. 'U')
local old = redis.call('HGET', meta, 'base')
if old and old ~= base then
  for _, name in ipairs({'E', 'F', 'U', 'B', 'S'}) do redis.call('UNLINK', old .. name) end
  redis.call('HDEL', meta, 'applied')
end
local held = tonumber(redis.call('HGET', meta, 'position') or 0)
position = math.max(held, tonumber(position)) + tonumber(gap)
local since = math.max(tonumber(redis.call('HGET', meta, 'writes') or 0), tonumber(writes))
redis.call('HSET', meta, 'fence', fence, 'epoch', epoch, 'base', base, 'position', position, 'since', since,
  'writes', since + 1)
-- Whoever only follows the feed knows by it that what was flushed is not what it was.
redis.call('HSETNX', meta, 'born', born)
if floor ~= '' then
  local until_, upto, at, why = unpack(ARGV, 10)
  redis.call('HSET', meta, 'floor', floor)
  position = redis.call('HINCRBY', meta, 'position', 1)
  redis.call('XADD', base .. 'F', string.format('%.0f-0', position), 'k', 'issuer', 's', '', 'u', upto, 'n', until_, 'a', at,
    'w', why, 'o', '')
  redis.call('ZADD', base .. 'U', until_, string.format('%016.0f', position))
end
return {'settled'}
