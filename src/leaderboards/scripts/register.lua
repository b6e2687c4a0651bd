--[[
leaderboards.register: list a board of a namespace or unlist it, and when to look whether it exists.

A board lives in another slot than the list of its namespace, so nothing keeps the two in step but a
second look: at what may have been created, at what may have been deleted meanwhile, at what ends by
itself.

KEYS registry  zset    names of boards that exist, all with score 0
KEYS looks     zset    names by the time in ms at which to look whether they exist
ARGV board     string  name
ARGV listed    0 or 1  or '': as it is
ARGV look_in_ms  int   when to look, '' for never
ARGV new_look_in_ms  int  the same for a name that was not listed
ARGV limit     int     names to answer at most

RETURN names
  name ...   of which the time to look has come

COST O(log(boards) + limit)
MEMORY grows
]]
local registry_key, looks_key, board, listed, look_in_ms = KEYS[1], KEYS[2], ARGV[1], ARGV[2], ARGV[3]
local new_look_in_ms, limit = ARGV[4], ARGV[5]
local now_ms = math.floor(now_us / 1000)

if listed == '0' then redis.call('ZREM', registry_key, board) end
if listed == '1' and redis.call('ZADD', registry_key, 0, board) == 1 then look_in_ms = new_look_in_ms end
if look_in_ms == '' then
  redis.call('ZREM', looks_key, board)
else
  redis.call('ZADD', looks_key, string.format('%.0f', now_ms + tonumber(look_in_ms)), board)
end
return redis.call('ZRANGEBYSCORE', looks_key, '-inf', string.format('%.0f', now_ms), 'LIMIT', 0, limit)
