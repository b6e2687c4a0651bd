--[[
locks.session-show: read a session and the names of its locks.

KEYS session      hash    the session
ARGV id           string  of the session

RETURN outcome left ttl metadata name...
  1, left, ttl, metadata, name...         found; the locks of its leases and waiters
  2, 0, 0, ''                             over: or not known

COST O(leases), 1000 at most
]]
-- @use lib/carried.lua
local id = ARGV[1]
local call = begin(KEYS[1], 0, 0)
local session = read_session(call, id)
if is_over(call, id) then return { 2, 0, 0, '' } end
local reply = { 1, ms_left(session.ends), session.ttl_ms, session.metadata }
for _, member in ipairs(redis.call('ZRANGEBYSCORE', session_leases(call, id), after_now())) do
  reply[#reply + 1] = string.sub(member, 23)
end
return reply
