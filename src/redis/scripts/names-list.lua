--[[
names.list: names of things, ordered by their bytes.

KEYS names          zset    names of things of one kind, all with score 0
ARGV first          string  a range as ZRANGEBYLEX takes it: "[name", "(name" or "-"
ARGV last           string  the same, or "+"
ARGV limit          int     at most 1000

RETURN name[]

COST O(log names + limit)
]]
return redis.call('ZRANGEBYLEX', KEYS[1], ARGV[1], ARGV[2], 'LIMIT', 0, ARGV[3])
