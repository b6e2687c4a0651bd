--[[
ratelimits.page: a page of the subjects of a policy that have an exception.

KEYS names   zset    as ratelimits.enlist writes it
ARGV prefix  string  names begin with it
ARGV after   string  names after this one, '' from the first on
ARGV count   int     names at most

RETURN name of each, in the order of their bytes

COST O(log names), and the page
]]
local names, prefix, after, count = KEYS[1], ARGV[1], ARGV[2], tonumber(ARGV[3])
local from = after == '' and '[' .. prefix or '(' .. after
return redis.call('ZRANGEBYLEX', names, from, '(' .. prefix .. '\255', 'LIMIT', 0, count)
