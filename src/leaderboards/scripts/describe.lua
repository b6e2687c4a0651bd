--[[
leaderboards.describe: the configuration of a board and how many are ranked in its present season.

KEYS board    hash    version, config, season, closed, hides
ARGV plan     string  version of the configuration and what follows from it; see lib/board.lua
ARGV windows  string  "id start end ..." in ms: the seasons around now

RETURN outcome ...
  1, season, total, closed      described; closed: 1 until the next season
  0, version, config, created   other-version: the configuration is another one
  -1, now_ms                    other-season: none of the seasons is the present one
  -2                            no-board
  -3                            no-season
  -4                            untidy: leaderboards.tidy must go first

COST O(log(members))
]]
-- @use lib/tidy.lua
local board_key, plan, windows = KEYS[1], ARGV[1], ARGV[2]

local board, again = open_tidy(board_key, plan, windows)
if not board then return again end
return { 1, board.season, redis.call('ZCARD', board.order), board.closed and 1 or 0 }
