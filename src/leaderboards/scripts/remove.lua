--[[
leaderboards.remove: take a member out of the season of this moment.

KEYS board    hash    version, config, season, closed, hides
ARGV plan     string  version of the configuration and what follows from it; see lib/board.lua
ARGV windows  string  "id start end ..." in ms: the seasons around now; or "= id", the one asked for
ARGV member   string  id

RETURN outcome ...
  1, removed                    done; removed: 1 it had an entry
  0, version, config, created   other-version: the configuration is another one
  -1, now_ms                    other-season: none of the seasons is the present one
  -2                            no-board
  -3                            no-season
  -4                            untidy: leaderboards.tidy must go first

COST O(log(members))
]]
-- @use lib/tidy.lua
-- @use lib/members.lua
local board_key, plan, windows, member = KEYS[1], ARGV[1], ARGV[2], ARGV[3]

local board, again = open_tidy(board_key, plan, windows)
if not board then return again end
return { 1, remove(board, member) and 1 or 0 }
