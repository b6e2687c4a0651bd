--[[
leaderboards.describe: the present season of a board and its number of ranked members.

KEYS board    hash    version, config, configured, season, closed, hides
ARGV plan     string  what scripts must know of the configuration: lib/board.lua
ARGV windows  string  "id start end ..." in ms: the seasons around now

RETURN outcome ...
  1, season, end_ms, total, closed, configured
                                described; closed: 1 until the next season; configured: 0 as the
                                first submission created it
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
local total, configured = redis.call('ZCARD', board.order), redis.call('HEXISTS', board_key, 'configured')
return { 1, board.season, board.stop_ms, total, board.closed and 1 or 0, configured }
