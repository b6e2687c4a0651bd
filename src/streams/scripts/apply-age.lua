--[[
streams.apply-age: let a stream end by its settings, which changed since its last append.

KEYS meta           hash    of the stream, see lib/stream.lua
ARGV settings       string  see lib/stream.lua

RETURN nothing

COST O(1)
]]
-- @use lib/stream.lua
set_end(open(KEYS[1], ARGV[1]))
return {}
