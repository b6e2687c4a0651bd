--[[
streams.remove: delete all entries, groups and marks of a stream. Later ids are larger, and readers miss the entries.

KEYS meta           hash    of the stream, see lib/stream.lua
ARGV settings       string  see lib/stream.lua

RETURN existed

COST O(groups); the entries are freed in another thread
]]
-- @use lib/group.lua
local stream = open(KEYS[1], ARGV[1])

local names, keys = redis.call('HKEYS', stream.groups), { stream.log, stream.groups, stream.readers, stream.marked }
local existed = stream.exists or #names > 0
for _, name in ipairs(names) do append_keys(keys, group_of(stream, name)) end
redis.call('UNLINK', unpack(keys))
stream.exists = false
set_end(stream)
return { existed and 1 or 0 }
