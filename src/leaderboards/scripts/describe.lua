--[[
leaderboards.describe: the present season of a board and its number of ranked members.

KEYS board    hash    version, config, season, closed, hides
ARGV plan     string  what scripts must know of the configuration: lib/board.lua
ARGV windows  string  "id start end ..." in ms: the seasons around now

RETURN outcome ...
  1, season, total, closed      described; closed: 1 until the next season
  0, version, config, created   stale-version: the configuration has another version
  -1, now_ms                    stale-season: none of the windows contains the present
  -2                            no-board
  -3                            no-season
  -4                            untidy: call leaderboards.tidy first

COST O(log(members))
]]
-- @use lib/tidy.lua
local board_key, plan, windows = KEYS[1], ARGV[1], ARGV[2]

local board, refusal = open_tidy(board_key, plan, windows)
if not board then return refusal end
return { 1, board.season, redis.call('ZCARD', board.order), board.closed and 1 or 0 }
