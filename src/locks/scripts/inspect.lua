--[[
locks.inspect: read who holds a lock, who waits, and how its last lease ended. Writes nothing, so it
may show a lease as expired before another call ends it.

KEYS lock         hash    the lock
ARGV max          int     how many holders and waiters are shown

RETURN snapshot..., then owner, waited_ms of each waiter shown

COST O(max)
]]
-- @use lib/snapshot.lua
local lock_key, max = KEYS[1], tonumber(ARGV[1])
local call = begin(lock_key, 0, 0)
local lock = open_lock(call, name_of(call, lock_key))
local reply = {}
describe(reply, lock, max)
describe_waiters(reply, lock, max)
return reply
