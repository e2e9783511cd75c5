local account, keep, now, until_, why = unpack(ARGV, 3)
local answer = {'ended', 0}
for _, sid in ipairs(redis.call('ZRANGE', base .. 'a' .. account, 0, -1)) do
  if sid ~= keep then
    local record = redis.call('GET', base .. 's' .. sid)
    remove(sid, account)
    if record then
      local last = lasting(until_, now, rotated(record))
      answer[#answer + 1] = append('session', uuid(sid), now, last, now, why)
      answer[#answer + 1] = sid
      answer[#answer + 1] = last
    end
  end
end
answer[2] = counted()
return answer
