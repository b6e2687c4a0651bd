--[[
wakes.pass: pass a wake on, from an instance where no request waits any more.

KEYS waiting  zset  the instances that wait for a thing
ARGV ready    int   how many waiters the wake was for

RETURN nothing

COST O(log instances)
]]
-- @use lib/wake.lua
wake(KEYS[1], tonumber(ARGV[1]))
return {}
