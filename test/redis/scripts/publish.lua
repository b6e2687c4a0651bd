--[[
test.publish: publishes a message, from the server that runs the scripts of a key.

KEYS subject  string  any key
ARGV channel  string  where
ARGV message  string  what

RETURN nothing

COST O(1)
]]
redis.call('PUBLISH', ARGV[1], ARGV[2])
return {}
