--[[
leaderboards.remove: take a member out of the season of this moment.

KEYS board    hash    version, config, season, closed, hides
ARGV plan     string  version of the configuration and what follows from it; see lib/board.lua
ARGV windows  string  "id start end ..." in ms: the seasons around now; or "= id", the one asked for
ARGV member   string  id

RETURN status ...
  1, removed           1: it had an entry
  0, version, config   the configuration is another one
  -1, now_ms           none of the seasons is the present one
  -2                   there is no such board
  -3                   there is no such season

COST O(log(members)), at most 100 expired members removed
]]
-- @use lib/board.lua
-- @use lib/members.lua
local board_key, plan, windows, member = KEYS[1], ARGV[1], ARGV[2], ARGV[3]

local board, again = open_board(board_key, plan, windows)
if not board then return again end
sweep(board)
return { 1, remove(board, member) and 1 or 0 }
