--[[
ratelimits.renew: let a lease live its time from now.

KEYS state     zset    lib/leases.lua
ARGV lease     string
ARGV lease_ms  int     how long it lives from now

RETURN left_us
  that it lives; 0 where there is no such lease: it was released, or is over

COST O(log leases), and what has ended since the last call
]]
-- @use lib/leases.lua
local key, lease, lease_ms = KEYS[1], ARGV[1], tonumber(ARGV[2])

live_weight(key)
if not redis.call('ZSCORE', key, lease) then
  keep_leases(key)
  return { 0 }
end
-- Must work on a full Redis: what does not grow comes first.
redis.call('PEXPIRE', key, lease_ms)
redis.call('ZADD', key, 'XX', string.format('%.0f', now_us + lease_ms * 1000), lease)
keep_leases(key)
return { lease_ms * 1000 }
