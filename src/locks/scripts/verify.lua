--[[
locks.verify: is the lease with this fence still a current one? Writes nothing.

KEYS lock         hash    the lock
ARGV fence        int     the fence to test
ARGV most         int     how many tokens are looked at

RETURN outcome fence
  1, fence   current
  0, fence   stale; the highest fence that is current, of the newest tokens: 0 for none

COST O(log holders), and O(most)
]]
-- @use lib/leases.lua
-- @use lib/order.lua
local lock_key, fence, most = KEYS[1], tonumber(ARGV[1]), tonumber(ARGV[2])
local call = begin(lock_key, 0, 0)
local lock = open_lock(call, name_of(call, lock_key))

local function is_current(token)
  local lease = find_lease(lock, token)
  return lease and not lease.claim_by and lease.fence
end

local sole = lock.sole ~= ''
for _, token in ipairs(sole and { lock.sole } or tokens_of(lock, fence, most)) do
  if is_current(token) == fence then return { 1, fence } end
end
for _, token in ipairs(sole and { lock.sole } or redis.call('ZREVRANGE', part(lock, 'fences'), 0, most - 1)) do
  local newest = is_current(token)
  if newest then return { 0, newest } end
end
return { 0, 0 }
