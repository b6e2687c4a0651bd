--[[
test.put: makes things ready, at once or later, and wakes those that wait for them.

KEYS waiting  zset    the instances that wait
KEYS things   zset    thing -> when it is ready, in us
ARGV ms       int     until they are ready
ARGV thing[]  string  their names

RETURN nothing

COST O(things)
]]
-- @use ../../../src/redis/scripts/lib/wake.lua
local waiting, things = KEYS[1], KEYS[2]
local ms = tonumber(ARGV[1])
for i = 2, #ARGV do redis.call('ZADD', things, now_us + ms * 1000, ARGV[i]) end
redis.call('PEXPIRE', things, 600000)
if ms == 0 then wake(waiting, #ARGV - 1) else wake_in(waiting, ms) end
return {}
