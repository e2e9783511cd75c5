local sid, owner, now, until_, why, again = unpack(ARGV, 3)
local record = redis.call('GET', base .. 's' .. sid)
if not record then
  -- Asked again because the answer was lost: look for what the first asking wrote.
  if again == '1' then
    for _, entry in ipairs(redis.call('XREVRANGE', base .. 'F', '+', '-', 'COUNT', 1000)) do
      local e = entry[2]
      if e[2] == 'session' and e[4] == uuid(sid) and e[10] == now and e[12] == why then
        return {'ended', counted(), tonumber(string.match(entry[1], '%d+')), e[8]}
      end
    end
  end
  return {'none', counted()}
end
local account = #record >= HEADER and account_of(record) or ''
if owner ~= '' and owner ~= account then
  return {'none', 0}
end
together(base .. 's' .. sid, base .. 'a' .. account)
remove(sid, account)
until_ = lasting(until_, now, rotated(record))
local position = append('session', uuid(sid), now, until_, now, why)
return {'ended', counted(), position, until_}
