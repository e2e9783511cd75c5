-- One event that the accounts' store has committed, with all that follows from it here. `outbox` is its position there.
local after, outbox, kind, subject, account, upto, until_, at, why, scopes, ttl, named = unpack(ARGV, 3)
local applied = tonumber(redis.call('HGET', meta, 'applied') or 0)
if applied < tonumber(after) then
  return {'gap', 0, applied}
end
if tonumber(outbox) <= applied then
  -- Another process was faster; its event says where the cut fell.
  for _, entry in ipairs(redis.call('XREVRANGE', base .. 'F', '+', '-', 'COUNT', 1000)) do
    local e = entry[2]
    if e[14] == outbox then
      return {'applied', counted(), tonumber(string.match(entry[1], '%d+')), e[6], e[8]}
    end
  end
  return {'swept', counted()}
end

if kind == 'account' then
  local index = base .. 'a' .. account
  local sids = redis.call('ZRANGE', index, 0, -1)
  local newest = #sids > 0 and milliseconds(sids[#sids]) or -1
  if newest > math.floor(tonumber(upto) * 1000) then
    -- A clock went back: the cut covers the newest session all the same, and is remembered as much longer.
    upto = string.format('%.17g', (newest + 0.5) / 1000)
  end
  local latest = tonumber(upto)
  for _, sid in ipairs(sids) do
    latest = math.max(latest, rotated(redis.call('GET', base .. 's' .. sid)))
  end
  until_ = lasting(until_, at, latest)
  local cut = redis.call('GET', base .. 'c' .. account)
  for _, sid in ipairs(sids) do
    remove(sid, account)
    if named == '1' then append('session', uuid(sid), at, until_, at, why) end
  end
  if not cut or tonumber(cut) < tonumber(upto) then
    redis.call('SET', base .. 'c' .. account, upto, 'PX', ttl)
  end
elseif kind == 'claims' then
  local kept, latest = {}, 0
  for word in string.gmatch(scopes, '[^ ]+') do kept[word] = true end
  for _, sid in ipairs(redis.call('ZRANGE', base .. 'a' .. account, 0, -1)) do
    local record = record_of(sid)
    if record then
      latest = math.max(latest, rotated(record))
      local amr, agent, source = struct.unpack('>I4I4I4', record, HEADER - 11)
      local texts = HEADER + amr + agent + source
      local held = {}
      for word in string.gmatch(string.sub(record, texts + 1), '[^ ]+') do
        if kept[word] then held[#held + 1] = word end
      end
      redis.call('SET', base .. 's' .. sid, string.sub(record, 1, texts) .. table.concat(held, ' '), 'KEEPTTL')
    end
  end
  until_ = lasting(until_, at, latest)
end
local position = append(kind, subject, upto, until_, at, why, outbox)
redis.call('HSET', meta, 'applied', outbox)
return {'applied', counted(), position, upto, until_}
