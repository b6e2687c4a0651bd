--[[
leaderboards.erase: take a member out of every season of a board, hidden or not.

KEYS board    hash    version, config, season, closed, hides
ARGV plan     string  version of the configuration and what follows from it; see lib/board.lua
ARGV windows  string  "id start end ..." in ms: the seasons around now
ARGV member   string  id

RETURN status ...
  1, seasons           in which it had an entry
  0, version, config   the configuration is another one
  -1, now_ms           none of the seasons is the present one
  -2                   there is no such board

COST O(seasons x log(members))
]]
-- @use lib/members.lua
-- @use lib/season.lua
local board_key, plan, windows, member = KEYS[1], ARGV[1], ARGV[2], ARGV[3]

local board, again = open_board(board_key, plan, windows)
if not board then return again end

local seasons = 0
for _, id in ipairs(redis.call('ZRANGE', seasons_key(board_key), 0, -1)) do
  for part, key in pairs(season_keys(board_key, id)) do board[part] = key end
  if remove(board, member) then seasons = seasons + 1 end
end
redis.call('SREM', hidden_key(board_key), member)
return { 1, seasons }
