--[[
leaderboards.register: list a board of a namespace or unlist it, and schedule a recheck.

A board is in another slot than the list of its namespace, so the two change one after the other. A
recheck corrects the list when a call stops in between, and when a board expires.

KEYS registry  zset    names of boards that exist, all with score 0
KEYS rechecks  zset    names, scored by the time in ms at which to check whether the board exists
ARGV board     string  name
ARGV listed    0 or 1  or '': unchanged
ARGV recheck_in_ms  int   time to the recheck, '' for none
ARGV new_recheck_in_ms  int  the same for a name that was not listed
ARGV limit     int     names to return at most

RETURN names
  name ...   that are due for a recheck

COST O(log(boards) + limit)
MEMORY grows
]]
local registry_key, rechecks_key, board, listed = KEYS[1], KEYS[2], ARGV[1], ARGV[2]
local recheck_in_ms, new_recheck_in_ms, limit = ARGV[3], ARGV[4], ARGV[5]
local now_ms = math.floor(now_us / 1000)

if listed == '0' then redis.call('ZREM', registry_key, board) end
if listed == '1' and redis.call('ZADD', registry_key, 0, board) == 1 then recheck_in_ms = new_recheck_in_ms end
if recheck_in_ms == '' then
  redis.call('ZREM', rechecks_key, board)
else
  redis.call('ZADD', rechecks_key, string.format('%.0f', now_ms + tonumber(recheck_in_ms)), board)
end
return redis.call('ZRANGEBYSCORE', rechecks_key, '-inf', string.format('%.0f', now_ms), 'LIMIT', 0, limit)
