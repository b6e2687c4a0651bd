--[[
locks.session-list: read the sessions of a bucket, in the order of the bytes of their ids.

KEYS sessions     zset    ids of the sessions that have not ended
ARGV after        string  ids behind this one, '' from the start
ARGV limit        int     how many

RETURN per session: id, left, ttl, metadata, lease_count; left is 0 for one that is over and not swept

COST O(log n + limit)
]]
-- @use lib/carried.lua
local sessions, after, limit = KEYS[1], ARGV[1], tonumber(ARGV[2])
local call = begin(sessions, 0, 0)
local reply = {}
for _, id in ipairs(redis.call('ZRANGEBYLEX', sessions, '(' .. after, '+', 'LIMIT', 0, limit)) do
  local session = read_session(call, id)
  append(reply, { id, is_over(call, id) and 0 or ms_left(session.ends), session.ttl_ms,
    session.metadata, count_carried(call, id) })
end
return reply
