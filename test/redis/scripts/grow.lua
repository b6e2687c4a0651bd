--[[
test.grow: frees first and adds then, which a full Redis would let through unguarded.

KEYS subject  string  any key
ARGV bytes    int     how much to write

RETURN 1

COST O(bytes)
MEMORY grows
]]
redis.call('UNLINK', KEYS[1] .. ':none')
redis.call('SET', KEYS[1], string.rep('x', tonumber(ARGV[1])), 'PX', 60000)
return { 1 }
