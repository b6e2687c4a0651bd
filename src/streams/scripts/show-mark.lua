--[[
streams.show-mark: how far a reader has read.

KEYS meta           hash    of the stream, see lib/stream.lua
ARGV settings       string  see lib/stream.lua
ARGV reader         string

RETURN exists seen unread

COST O(1)
]]
-- @use lib/readers.lua
local stream, reader = open(KEYS[1], ARGV[1]), ARGV[2]

local seen = redis.call('HGET', stream.readers, reader)
return { seen and 1 or 0, seen or '', unread_after(stream, seen) }
