--[[
streams.remove-group: delete a group. Without groups, the stream ends by its age again.

KEYS meta           hash    of the stream, see lib/stream.lua
ARGV settings       string  see lib/stream.lua
ARGV group          string

RETURN existed

COST O(1); the deliveries are freed in another thread
]]
-- @use lib/group.lua
local stream, name = open(KEYS[1], ARGV[1]), ARGV[2]

if redis.call('HDEL', stream.groups, name) == 0 then return { 0 } end
local keys = {}
append_keys(keys, group_of(stream, name))
redis.call('UNLINK', unpack(keys))
set_end(stream)
return { 1 }
