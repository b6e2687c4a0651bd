--[[
streams.seek-group: move a group to another place. What it handed out is not settled any more, and no
receipt from before counts.

KEYS meta           hash    of the stream, see lib/stream.lua
ARGV settings       string  see lib/stream.lua
ARGV group          string
ARGV place          string  start, end, at:<ms since 1970> (inclusive), or an id
ARGV generation     string  4 random characters

RETURN outcome ...
  1, view                    moved; view: see lib/group-view.lua
  2                          unknown
  3, missed, oldest, newest  lost: entries after the id were dropped, as in streams.read

COST O(1); the deliveries are freed in another thread
]]
-- @use ../../redis/scripts/lib/wake.lua
-- @use lib/group-view.lua
-- @use lib/position.lua
local stream, name, place, generation = open(KEYS[1], ARGV[1]), ARGV[2], ARGV[3], ARGV[4]

local group = open_group(stream, name)
if not group then return { 2 } end
local lost, oldest, newest = loss_after(stream, place)
if lost then return { 3, lost, oldest, newest } end
redis.call('UNLINK', group.leased, group.pending)
group.generation, group.last = generation, position_of(stream, place)
save_group(stream, group)
local reply = { 1 }
append_group(reply, stream, group)
wake(group.waiting, reply[6])
return reply
