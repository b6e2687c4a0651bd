--[[
streams.put-group: make a group, or change its settings. A group that exists stays where it is.

KEYS meta           hash    of the stream, see lib/stream.lua
ARGV settings       string  see lib/stream.lua
ARGV group          string
ARGV place          string  where a new one begins: start, end, at:<ms since 1970> (inclusive), or an id
ARGV visibility_ms  int
ARGV max_failures   int     0 for never
ARGV most           int     groups of one stream
ARGV generation     string  4 random characters

RETURN outcome ...
  1, view                    created; view: see lib/group-view.lua
  2, view                    changed
  3, view                    unchanged
  4                          too-many
  5, missed, oldest, newest  lost: entries after the id were dropped, as in streams.read

COST O(1)
MEMORY grows
]]
-- @use lib/group-view.lua
-- @use lib/position.lua
local stream, name, place = open(KEYS[1], ARGV[1]), ARGV[2], ARGV[3]
local visibility_ms, max_failures, most, generation = tonumber(ARGV[4]), tonumber(ARGV[5]), tonumber(ARGV[6]), ARGV[7]

local group, reply = open_group(stream, name), { 2 }
if group and group.visibility_ms == visibility_ms and group.max_failures == max_failures then
  reply[1] = 3
elseif not group then
  if redis.call('HLEN', stream.groups) >= most then return { 4 } end
  local lost, oldest, newest = loss_after(stream, place)
  if lost then return { 5, lost, oldest, newest } end
  group, reply[1] = group_of(stream, name), 1
  group.generation, group.last = generation, position_of(stream, place)
end
group.visibility_ms, group.max_failures = visibility_ms, max_failures
save_group(stream, group)
set_end(stream)
append_group(reply, stream, group)
return reply
