--[[
cache.sweep-claim: claim the sweep that has been due longest, for this instance alone.

KEYS sweeps    zset  names of sweeps, by when they may be claimed, see lib/sweeps.lua
ARGV lasts_ms  int   after which another instance may claim it

RETURN name until_ms sweeps
  name      '' where none is due
  until_ms  proof of the claim, 0 for none
  sweeps    how many there are

COST O(log sweeps)
]]
-- @use lib/sweeps.lua
local sweeps, lasts_ms = KEYS[1], tonumber(ARGV[1])

local now_ms = server_ms()
local name = redis.call('ZRANGEBYSCORE', sweeps, '-inf', now_ms, 'LIMIT', 0, 1)[1]
local until_ms = 0
if name then
  until_ms = now_ms + lasts_ms
  save(sweeps, name, until_ms)
end
return { name or '', until_ms, redis.call('ZCARD', sweeps) }
