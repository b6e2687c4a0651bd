--[[
leaderboards.hide: take a member out of the ranks of every season, or put it back.

KEYS board    hash    version, config, season, closed, hides
ARGV plan     string  version of the configuration and what follows from it; see lib/board.lua
ARGV windows  string  "id start end ..." in ms: the seasons around now
ARGV member   string  id
ARGV hide     0 or 1  0: rank it again

RETURN status ...
  1, changed           0: it was so before
  0, version, config   the configuration is another one
  -1, now_ms           none of the seasons is the present one
  -2                   there is no such board

COST O(seasons x log(members))
MEMORY grows
]]
-- @use lib/members.lua
-- @use lib/season.lua
local board_key, plan, windows, member, hide = KEYS[1], ARGV[1], ARGV[2], ARGV[3], ARGV[4] == '1'

local board, again = open_board(board_key, plan, windows)
if not board then return again end

local hidden = hidden_key(board_key)
if redis.call(hide and 'SADD' or 'SREM', hidden, member) == 0 then return { 1, 0 } end
for _, id in ipairs(redis.call('ZRANGE', seasons_key(board_key), 0, -1)) do
  for part, key in pairs(season_keys(board_key, id)) do board[part] = key end
  local prefix = redis.call('HGET', board.places, member)
  if prefix and hide then unseat(board, member, prefix) end
  if prefix and not hide then seat(board, member, prefix) end
end
if board.ttl_ms > 0 then redis.call('PEXPIRE', hidden, board.ttl_ms) end
-- Submits ask the set only while it is not empty.
if redis.call('EXISTS', hidden) == 1 then
  redis.call('HSET', board_key, 'hides', 1)
else
  redis.call('HDEL', board_key, 'hides')
end
return { 1, 1 }
