--[[
leaderboards.close: refuse submissions until the next season begins.

KEYS board    hash    version, config, season, closed, hides
ARGV plan     string  version of the configuration and what follows from it; see lib/board.lua
ARGV windows  string  "id start end ..." in ms: the seasons around now

RETURN status ...
  1, season, end_ms, changed   changed: 0 when it was closed before
  0, version, config           the configuration is another one
  -1, now_ms                   none of the seasons is the present one
  -2                           there is no such board

COST O(1)
MEMORY grows
]]
-- @use lib/board.lua
local board_key, plan, windows = KEYS[1], ARGV[1], ARGV[2]

local board, again = open_board(board_key, plan, windows)
if not board then return again end
redis.call('HSET', board_key, 'closed', board.season)
return { 1, board.season, tonumber(board.stop), board.closed and 0 or 1 }
