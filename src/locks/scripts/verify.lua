--[[
locks.verify: read whether the lease with this fence is current. Writes nothing.

KEYS lock         hash    the lock
ARGV fence        int     the fence to test
ARGV max          int     how many tokens are read

RETURN outcome fence
  1, fence   current
  0, fence   stale; the highest current fence of the newest tokens, 0 for none

COST O(log holders), and O(max)
]]
-- @use lib/leases.lua
-- @use lib/order.lua
local lock_key, fence, max = KEYS[1], tonumber(ARGV[1]), tonumber(ARGV[2])
local call = begin(lock_key, 0, 0)
local lock = open_lock(call, name_of(call, lock_key))

local function is_current(token)
  local lease = find_lease(lock, token)
  return lease and not lease.claim_by and lease.fence
end

local sole = lock.sole ~= ''
for _, token in ipairs(sole and { lock.sole } or tokens_of(lock, fence, max)) do
  if is_current(token) == fence then return { 1, fence } end
end
local newest = sole and { lock.sole } or redis.call('ZREVRANGE', part(lock, 'fences'), 0, max - 1)
for _, token in ipairs(newest) do
  local current = is_current(token)
  if current then return { 0, current } end
end
return { 0, 0 }
