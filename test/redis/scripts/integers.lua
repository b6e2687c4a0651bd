--[[
test.integers: the integers of its arguments, as a script returns those that it computes.

KEYS subject  string  any key
ARGV text[]   string  integers

RETURN integers
  int ...

COST O(integers)
]]
local reply = { redis.call('INCR', KEYS[1]) }
for at = 1, #ARGV do reply[at + 1] = tonumber(ARGV[at]) end
return reply
