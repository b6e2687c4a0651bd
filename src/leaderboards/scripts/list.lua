--[[
leaderboards.list: names of boards, ordered by their bytes.

KEYS registry  zset    names of boards, all with score 0
KEYS rechecks  zset    names, scored by the time in ms at which to check whether the board exists
ARGV first     string  a range as ZRANGEBYLEX takes it: "[name", "(name" or "-"
ARGV last      string  the same, or "+"
ARGV limit     int     at most 1000
ARGV max_rechecks  int   due names to return at most

RETURN rechecks name ...
  rechecks  how many of the names, the first ones, are due for a recheck; the others are the list

COST O(log(boards) + limit + max_rechecks)
]]
local registry_key, rechecks_key = KEYS[1], KEYS[2]
local first, last, limit, max_rechecks = ARGV[1], ARGV[2], ARGV[3], ARGV[4]

local now_ms = string.format('%.0f', math.floor(now_us / 1000))
local reply = redis.call('ZRANGEBYSCORE', rechecks_key, '-inf', now_ms, 'LIMIT', 0, max_rechecks)
table.insert(reply, 1, #reply)
for _, name in ipairs(redis.call('ZRANGEBYLEX', registry_key, first, last, 'LIMIT', 0, limit)) do
  reply[#reply + 1] = name
end
return reply
