--[[
streams.show-groups: show one group of a stream, or all.

KEYS meta           hash    of the stream, see lib/stream.lua
ARGV settings       string  see lib/stream.lua
ARGV group          string  '' for all

RETURN view[]
  view    see lib/group-view.lua; none for a group that does not exist

COST O(groups)
]]
-- @use lib/group-view.lua
local stream, name = open(KEYS[1], ARGV[1]), ARGV[2]

local reply = {}
for _, each in ipairs(name ~= '' and { name } or redis.call('HKEYS', stream.groups)) do
  local group = open_group(stream, each)
  if group then append_group(reply, stream, group) end
end
return reply
