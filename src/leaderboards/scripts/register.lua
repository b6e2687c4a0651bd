--[[
leaderboards.register: put a name into the registry of its namespace, or take it out.

KEYS registry  zset   names of boards, all with score 0
ARGV board     string name
ARGV add       0 or 1 0: take it out

RETURN changed
  1, 0   the registry changed or not

COST O(log(boards))
]]
local registry_key, board, add = KEYS[1], ARGV[1], ARGV[2] == '1'
if add then return { redis.call('ZADD', registry_key, 0, board) } end
return { redis.call('ZREM', registry_key, board) }
