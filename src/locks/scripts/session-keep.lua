--[[
locks.session-keep: keep a session alive, and so all its leases: they are not written, because each
reads the end of its session when it matters.

KEYS session      hash    the session
ARGV id           string  of the session
ARGV ended_ttl_ms int     how long a lease that ended is shown

RETURN outcome left carried ...
  1, left, carried, (name, fence, how, left, reason)[]
             kept: with so many leases and waiters; then its leases that others ask for (how is '',
             left is -1 for one that is only asked for) and those that others ended (left is -1)
  2, 0, 0    over: or not known

COST O(leases shown), 1000 at most
]]
-- @use lib/carried.lua
local id, ended_ttl_ms = ARGV[1], tonumber(ARGV[2])
local call = begin(KEYS[1], 0, ended_ttl_ms)
local session = read_session(call, id)
if is_over(call, id) then
  note_expiry(call, id)
  return { 2, 0, 0 }
end
local notes = session_notes(call, id)
-- First, because a full Redis refuses HSET but lets it through after a PEXPIRE.
for _, key in ipairs({ KEYS[1], session_leases(call, id), notes }) do
  redis.call('PEXPIRE', key, session.ttl_ms + KEEP_MS)
end
write_end(call, id, now_us + session.ttl_ms * 1000)

local reply = { 1, session.ttl_ms, count_carried(call, id) }
local known = redis.call('HGETALL', notes)
for i = 1, #known, 2 do
  local note = cmsgpack.unpack(known[i + 1])
  if note.how and note.at + ended_ttl_ms * 1000 <= now_us then redis.call('HDEL', notes, known[i])
  else
    local left = not note.how and note.at < NEVER and ms_left(note.at) or -1
    append(reply, { string.sub(known[i], 23), note.fence, note.how or '', left, note.reason or '' })
  end
end
return reply
