--[[
test.take: takes things that are ready.

KEYS waiting   zset    the instances that wait
KEYS things    zset    thing -> when it is ready, in us
ARGV instance  string  that waits; '' for none
ARGV others    0 or 1  whether other requests wait at the instance
ARGV limit     int     how many to take at most

RETURN left next_ms thing...
  left     how many more are ready
  next_ms  until the next is ready, -1 for none

COST O(limit)
]]
-- @use ../../../src/redis/scripts/lib/wake.lua
local waiting, things = KEYS[1], KEYS[2]
local instance, others, limit = ARGV[1], ARGV[2] == '1', tonumber(ARGV[3])
local taken = redis.call('ZRANGEBYSCORE', things, '-inf', now_us, 'LIMIT', 0, limit)
for _, thing in ipairs(taken) do redis.call('ZREM', things, thing) end
local left = redis.call('ZCOUNT', things, '-inf', now_us)
after_attempt(waiting, instance, others, #taken, left)
local first = redis.call('ZRANGE', things, 0, 0, 'WITHSCORES')[2]
return { left, first and math.max(0, math.ceil((first - now_us) / 1000)) or -1, unpack(taken) }
