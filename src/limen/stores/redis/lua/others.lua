local account, keep, now, until_, why = unpack(ARGV, 3)
local answer = {'ended', 0}
for _, sid in ipairs(redis.call('ZRANGE', base .. 'a' .. account, 0, -1)) do
  if sid ~= keep then
    local there = redis.call('EXISTS', base .. 's' .. sid) == 1
    remove(sid, account)
    if there then
      answer[#answer + 1] = append('session', uuid(sid), now, until_, now, why)
      answer[#answer + 1] = sid
    end
  end
end
answer[2] = counted()
return answer
