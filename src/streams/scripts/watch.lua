--[[
streams.watch: watch a stream for a while, and read the entries after a place. Where entries after it
were dropped, begin with the oldest one that is there.

KEYS meta           hash    of the stream, see lib/stream.lua; its watchers are built from the tag
ARGV settings       string  see lib/stream.lua
ARGV instance       string  notified on its channel when entries are appended
ARGV watch_ms       int     how long it is notified from now on
ARGV after          string  start, end, at:<ms since 1970> (inclusive), or an id
ARGV limit          int     entries at most
ARGV most_bytes     int     of entries; the first one may be larger

RETURN outcome last more ...
  1, last, more, (id, entry)[]         news: later entries; last: the id to read on from
  2, last, 1, missed, oldest, newest   beginning: entries were dropped, so many, -1 if that cannot be
                known; ids of the oldest and the newest entry, '' without one

COST O(limit)
MEMORY grows
]]
-- @use ../../redis/scripts/lib/watchers.lua
-- @use lib/page.lua
-- @use lib/place.lua
local stream, instance, watch_ms, after = open(KEYS[1], ARGV[1]), ARGV[2], tonumber(ARGV[3]), ARGV[4]
local limit, most_bytes = tonumber(ARGV[5]), tonumber(ARGV[6])

add_watcher(stream.watchers, instance, now_us + watch_ms * 1000, watch_ms)

local lost, oldest, newest = loss_after(stream, after)
if lost then return { 2, gone_of(stream), 1, lost, oldest, newest } end

local reply = { 1, parse_id(after) and after or stream.last, 0 }
local more, _, last = append_entries(reply, stream.log, (first_after(stream, after)), '+', false, limit, most_bytes)
reply[2], reply[3] = last or reply[2], more and 1 or 0
return reply
