--[[
cache.sweep-keep: go on with a sweep that was claimed, or end it.

KEYS sweeps    zset    names of sweeps, by when they may be claimed, see lib/sweeps.lua
ARGV name      string
ARGV until_ms  int     proof of the claim
ARGV lasts_ms  int     after which another instance may claim it; 0: it is over

RETURN until_ms sweeps
  until_ms  proof of the claim; 0 where it is over, was noted again, or claimed by another
  sweeps    how many there are

COST O(log sweeps)
]]
-- @use lib/sweeps.lua
local sweeps, name, until_ms, lasts_ms = KEYS[1], ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3])

if tonumber(redis.call('ZSCORE', sweeps, name)) ~= until_ms then
  until_ms = 0
elseif lasts_ms == 0 then
  redis.call('ZREM', sweeps, name)
  until_ms = 0
else
  until_ms = server_ms() + lasts_ms
  save(sweeps, name, until_ms)
end
return { until_ms, redis.call('ZCARD', sweeps) }
