--[[
locks.session-show: what a session is and carries.

KEYS session      hash    the session
ARGV id           string  of the session

RETURN outcome left ttl metadata name...
  1, left, ttl, metadata, name...         found; the names of its leases and waiters
  2, 0, 0, ''                             over: or not known

COST O(leases), 1000 at most
]]
-- @use lib/carried.lua
local id = ARGV[1]
local call = begin(KEYS[1], 0, 0)
local session = read_session(call, id)
if is_over(call, id) then return { 2, 0, 0, '' } end
local reply = { 1, ms_left(session.ends), session.ttl_ms, session.metadata }
for _, member in ipairs(redis.call('ZRANGEBYSCORE', session_leases(call, id), '(' .. string.format('%.0f', now_us), '+inf')) do
  reply[#reply + 1] = string.sub(member, 23)
end
return reply
