--[[
streams.remove-entry: delete one entry. Its number is not used again.

KEYS meta           hash    of the stream, see lib/stream.lua
ARGV settings       string  see lib/stream.lua
ARGV id             string

RETURN removed

COST O(1)
]]
-- @use lib/stream.lua
local stream, id = open(KEYS[1], ARGV[1]), ARGV[2]

local found = redis.call('XRANGE', stream.log, id, id)[1]
if not found then return { 0 } end
redis.call('XDEL', stream.log, id)
redis.call('HINCRBY', stream.meta, 'bytes', -#found[2][2])
return { 1 }
