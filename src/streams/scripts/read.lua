--[[
streams.read: a page of entries.

KEYS meta           hash    of the stream, see lib/stream.lua
ARGV settings       string  see lib/stream.lua
ARGV after          string  start, end, at:<ms since 1970> (inclusive), or an id
ARGV before         string  end, at:<ms since 1970>, or an id
ARGV descending     int     1: the newest entries first
ARGV limit          int     entries at most
ARGV most_bytes     int     of entries; the first one may be larger
ARGV reader         string  whose unread entries are counted, '' for nobody

RETURN outcome ...
  1, more, missed, last, unread, (id, entry)[]  page; missed: dropped since `start`; last: id of the
                newest entry of the page, or of the place where later entries follow; unread: -1 without
                a reader
  2, missed, oldest, newest                     lost: entries after `after` were dropped, so many, -1 if that
                cannot be known; ids of the oldest and the newest entry, '' without one

COST O(limit)
]]
-- @use lib/page.lua
-- @use lib/place.lua
-- @use lib/readers.lua
local stream, after, before, descending = open(KEYS[1], ARGV[1]), ARGV[2], ARGV[3], ARGV[4] == '1'
local limit, most_bytes, reader = tonumber(ARGV[5]), tonumber(ARGV[6]), ARGV[7]

local lost, oldest, newest = loss_after(stream, after)
if lost then return { 2, lost, oldest, newest } end

local first, missed = first_after(stream, after)
local unread = reader ~= '' and unread_after(stream, redis.call('HGET', stream.readers, reader)) or -1
local reply = { 1, 0, missed, parse_id(after) and after or before == 'end' and stream.last or gone_of(stream), unread }
local more, from, to = append_entries(reply, stream.log, first, last_before(before), descending, limit, most_bytes)
reply[2], reply[4] = more and 1 or 0, (descending and from or to) or reply[4]
return reply
