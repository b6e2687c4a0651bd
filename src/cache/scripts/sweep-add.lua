--[[
cache.sweep-add: note a sweep that is due; one that is under way begins again.

KEYS sweeps  zset    names of sweeps, by when they may be claimed, see lib/sweeps.lua
ARGV name    string

RETURN sweeps
  how many there are

COST O(log sweeps)
]]
-- @use lib/sweeps.lua
local sweeps, name = KEYS[1], ARGV[1]

save(sweeps, name, server_ms())
return { redis.call('ZCARD', sweeps) }
