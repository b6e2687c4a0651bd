--[[
locks.session-keep: one heartbeat for all leases of a session. They are not touched: each asks its
session when its time comes.

KEYS session      hash    the session
ARGV id           string  of the session

RETURN outcome left carried
  1, left, carried   lives on, with so many leases and waiters
  2, 0, 0            over, or not known

COST O(1)
]]
-- @use lib/call.lua
local id = ARGV[1]
local call = begin(KEYS[1], 0, 0, 0)
local session = read_session(call, id)
if is_over(call, id) then return { 2, 0, 0 } end
-- First, because a full Redis refuses HSET but lets it through after a PEXPIRE.
redis.call('PEXPIRE', KEYS[1], session.ttl_ms + KEEP_MS)
redis.call('PEXPIRE', session_leases(call, id), session.ttl_ms + KEEP_MS)
redis.call('HSET', KEYS[1], 'until', now_us + session.ttl_ms * 1000)
return { 1, session.ttl_ms, redis.call('SCARD', session_leases(call, id)) }
