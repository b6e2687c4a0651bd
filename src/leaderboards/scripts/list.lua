--[[
leaderboards.list: names of boards in the order of their bytes.

KEYS registry  zset   names of boards, all with score 0
ARGV first     string  a range as ZRANGEBYLEX takes it: "[name", "(name" or "-"
ARGV last      string  the same, or "+"
ARGV limit     int     at most 1000

RETURN names
  name ...

COST O(log(boards) + limit)
]]
local registry_key, first, last, limit = KEYS[1], ARGV[1], ARGV[2], tonumber(ARGV[3])
return redis.call('ZRANGEBYLEX', registry_key, first, last, 'LIMIT', 0, limit)
