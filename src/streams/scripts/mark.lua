--[[
streams.mark: keep how far a reader has read. A mark never moves back.

KEYS meta           hash    of the stream, see lib/stream.lua
ARGV settings       string  see lib/stream.lua
ARGV reader         string
ARGV seen           string  id of the newest entry that it saw
ARGV most           int     readers of one stream: beyond, the mark goes that was set longest ago

RETURN outcome ...
  1, seen, unread            marked
  2, missed, oldest, newest  lost: the history of the id was replaced by another, as in streams.read

COST O(log(readers))
MEMORY grows
]]
-- @use lib/readers.lua
local stream, reader, seen, most = open(KEYS[1], ARGV[1]), ARGV[2], ARGV[3], tonumber(ARGV[4])

local lost, oldest, newest = loss_after(stream, seen)
if lost == -1 then return { 2, lost, oldest, newest } end

local ms, n = parse_id(seen)
local before_ms, before_n = parse_id(redis.call('HGET', stream.readers, reader) or '0-0')
local is_back = is_before(ms, n, before_ms, before_n) and missed_after(stream, before_ms, before_n) ~= -1
if is_back then seen = id_of(before_ms, before_n) end
redis.call('HSET', stream.readers, reader, seen)
-- Later than all others, also when the clock steps back.
local newest_ms = redis.call('ZRANGE', stream.marked, -1, -1, 'WITHSCORES')[2]
redis.call('ZADD', stream.marked, math.max(now_ms, (newest_ms or 0) + 1), reader)
if redis.call('ZCARD', stream.marked) > most then
  redis.call('HDEL', stream.readers, redis.call('ZPOPMIN', stream.marked)[1])
end
set_end(stream)
return { 1, seen, unread_after(stream, seen) }
