--[[
locks.downgrade: make an exclusive lease a shared one, and serve the readers that wait. Its fence and its
end stay.

KEYS lock[]       hash    the lock of the token, one
ARGV token        string  proof of ownership
ARGV floor        int     highest fence the caller has seen
ARGV ended_ttl_ms int     how long an ended lease is remembered

RETURN next_ms expired claim_timeouts gone outcome ...
  1, fence                        shared; a repeat changes nothing
  2, fence, how, reason, lost[]   ended: how: expired, released or revoked
  3, lost[]                       not-owner: not a token of the lock
  4                               mode-mismatch: of a semaphore, or the lease has other tokens

COST O(64) waiters granted
MEMORY grows
]]
-- @use lib/advance.lua
-- @use lib/save.lua
-- @use lib/tokens.lua
local token, floor, ended_ttl_ms = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3])
local call = begin(KEYS[1], floor, ended_ttl_ms)
local locks = open_all(call, KEYS, token)
local lock = locks[1]
advance(lock, token)

local lost = find_lost(locks, token)
if lost then return answer(call, lost_reply(locks, token, lost)) end
local lease = find_lease(lock, token)
if lease.mode == 'shared' then return answer(call, { 1, lease.fence }) end
-- Each token has the mode and the weight of the lease in its record.
if lock.kind == 'semaphore' or hold_count(lock, lease) > 1 then return answer(call, { 4 }) end
lock.used = lock.used - weight_of(lease)
lease.mode = 'shared'
lock.used = lock.used + weight_of(lease)
change_lease(lock, token, lease)
emit(lock, 'changed', lease)
advance(lock)
return answer(call, { 1, lease.fence })
