--[[
ratelimits.look: what is in flight of one subject; no lease is changed by it.

KEYS state      zset    lib/leases.lua
KEYS exception  string  lib/exception.lua
ARGV limit      int     weight that may live at once

RETURN used leases limit reset_us blocked_us
  the weight that lives and the number of leases; limit is the one that holds for this subject;
  reset_us until the last lease ends by itself

COST O(log leases), and what has ended since the last call
]]
-- @use lib/leases.lua
-- @use lib/exception.lua
local key, most = KEYS[1], tonumber(ARGV[1])

local own = read_exception(KEYS[2])
if own and own.most > 0 then most = own.most end
local blocked_us = own and own.blocked > 0 and own.blocked - now_us or 0
local used = live_weight(key)
local reset_us = keep_leases(key)
return { used, math.max(0, redis.call('ZCARD', key) - 1), most, reset_us, blocked_us }
