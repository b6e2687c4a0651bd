--[[
ratelimits.inspect: what one subject has in flight; changes no lease.

KEYS state      zset    lib/leases.lua
KEYS exception  string  lib/exception.lua
ARGV limit      int     total weight of live leases

RETURN used leases limit reset_us blocked_us
  weight and number of the live leases; limit is the override of this subject, or that of the policy;
  reset_us until the last lease expires

COST O(log leases), and the leases that expired since the last call
]]
-- @use lib/leases.lua
-- @use lib/exception.lua
local key, capacity = KEYS[1], tonumber(ARGV[1])

local exception = read_exception(KEYS[2])
if exception and exception.limit > 0 then capacity = exception.limit end
local blocked_us = exception and exception.blocked_until > 0 and exception.blocked_until - now_us or 0
local used = live_weight(key)
local reset_us = keep_leases(key)
return { used, math.max(0, redis.call('ZCARD', key) - 1), capacity, reset_us, blocked_us }
