--[[
leaderboards.list: names of boards in the order of their bytes.

KEYS registry  zset    names of boards, all with score 0
KEYS looks     zset    names by the time in ms at which to look whether they exist
ARGV first     string  a range as ZRANGEBYLEX takes it: "[name", "(name" or "-"
ARGV last      string  the same, or "+"
ARGV limit     int     at most 1000
ARGV most_looks  int   names to look at that are answered at most

RETURN looks name ...
  looks   how many of the names that follow are those of which the time to look has come; the others
          are the list

COST O(log(boards) + limit + most_looks)
]]
local registry_key, looks_key, first, last, limit, most_looks = KEYS[1], KEYS[2], ARGV[1], ARGV[2], ARGV[3], ARGV[4]

local now_ms = string.format('%.0f', math.floor(now_us / 1000))
local reply = redis.call('ZRANGEBYSCORE', looks_key, '-inf', now_ms, 'LIMIT', 0, most_looks)
table.insert(reply, 1, #reply)
for _, name in ipairs(redis.call('ZRANGEBYLEX', registry_key, first, last, 'LIMIT', 0, limit)) do
  reply[#reply + 1] = name
end
return reply
