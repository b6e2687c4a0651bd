--[[
ratelimits.renew: extend a lease to its full lifetime from now.

KEYS state     zset    lib/leases.lua
ARGV lease     string
ARGV lease_ms  int     its lifetime from now

RETURN left_us
  its lifetime; 0 if it was released or has expired

COST O(log leases), and the leases that expired since the last call
]]
-- @use lib/leases.lua
local key, lease, lease_ms = KEYS[1], ARGV[1], tonumber(ARGV[2])

live_weight(key)
if not redis.call('ZSCORE', key, lease) then
  keep_leases(key)
  return { 0 }
end
-- Must work on a full Redis: PEXPIRE is always accepted, and after the first write so is ZADD.
redis.call('PEXPIRE', key, lease_ms)
redis.call('ZADD', key, 'XX', string.format('%.0f', now_us + lease_ms * 1000), lease)
keep_leases(key)
return { lease_ms * 1000 }
