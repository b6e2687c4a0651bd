--[[
ratelimits.release: end a lease.

KEYS state  zset    lib/leases.lua
ARGV lease  string

RETURN outcome
  1  released
  0  missing: released before, or expired

COST O(log leases), and the leases that expired since the last call
]]
-- @use lib/leases.lua
local key, lease = KEYS[1], ARGV[1]

live_weight(key)
local released = redis.call('ZREM', key, lease)
if released == 1 then redis.call('ZINCRBY', key, -weight_of(lease), 'used') end
keep_leases(key)
return { released }
