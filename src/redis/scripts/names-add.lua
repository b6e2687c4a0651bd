--[[
names.add: list a thing of a namespace.

KEYS names          zset    names of things of one kind, all with score 0; kept while things are used
KEYS seen           zset    the same, by when in ms a process last wrote to them
ARGV name           string

RETURN added

COST O(log names)
MEMORY grows
]]
local names, seen, name = KEYS[1], KEYS[2], ARGV[1]

redis.call('ZADD', seen, string.format('%.0f', math.floor(now_us / 1000)), name)
return { redis.call('ZADD', names, 0, name) }
