--[[
leaderboards.close: refuse submissions until the next season begins, or accept them again.

KEYS board    hash    version, config, season, closed, hides
ARGV plan     string  what scripts must know of the configuration: lib/board.lua
ARGV windows  string  "id start end ..." in ms: the seasons around now
ARGV close    0 or 1  0: accept them again

RETURN outcome ...
  1, season, changed            done; changed: 0 if nothing changed
  0, version, config, created   stale-version: the configuration has another version
  -1, now_ms                    stale-season: none of the windows contains the present
  -2                            no-board

COST O(1)
MEMORY grows
]]
-- @use lib/board.lua
local board_key, plan, windows, close = KEYS[1], ARGV[1], ARGV[2], ARGV[3] == '1'

local board, refusal = open_board(board_key, plan, windows)
if not board then return refusal end
if close == board.closed then return { 1, board.season, 0 } end
if close then
  redis.call('HSET', board_key, 'closed', board.season)
else
  redis.call('HDEL', board_key, 'closed')
end
return { 1, board.season, 1 }
