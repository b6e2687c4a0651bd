--[[
locks.verify: is the lease with this fence still a current one? Writes nothing.

KEYS lock         hash    the lock
ARGV fence        int     the fence to test
ARGV now_guard    int     the caller's estimate of the server's clock in us, 0 for none

RETURN current fence
  1, the same fence; or 0 and the highest fence that is current, 0 when nobody holds it

COST O(holders)
]]
-- @use lib/leases.lua
local lock_key, fence, now_guard = KEYS[1], tonumber(ARGV[1]), tonumber(ARGV[2])
local call = begin(lock_key, now_guard, 0, 0)
local lock = open_lock(call, name_of(call, lock_key))
local tokens = lock.sole ~= '' and { lock.sole } or redis.call('ZRANGE', part(lock, 'holders'), 0, -1)
local highest = 0
for _, token in ipairs(lock.count > 0 and tokens or {}) do
  local lease = find_lease(lock, token)
  if lease and not lease.claim_by then
    if lease.fence == fence then return { 1, fence } end
    highest = math.max(highest, lease.fence)
  end
end
return { 0, highest }
