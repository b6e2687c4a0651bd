--[[
streams.remove-mark: forget how far a reader has read.

KEYS meta           hash    of the stream, see lib/stream.lua
ARGV settings       string  see lib/stream.lua
ARGV reader         string

RETURN existed

COST O(log(readers))
]]
-- @use lib/stream.lua
local stream, reader = open(KEYS[1], ARGV[1]), ARGV[2]

redis.call('ZREM', stream.marked, reader)
return { redis.call('HDEL', stream.readers, reader) }
