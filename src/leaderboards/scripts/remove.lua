--[[
leaderboards.remove: delete the entry of a member in one season.

KEYS board    hash    version, config, season, closed, hides
ARGV plan     string  what scripts must know of the configuration: lib/board.lua
ARGV windows  string  "id start end ..." in ms: the seasons around now; or "= id": a season by its id
ARGV member   string  id

RETURN outcome ...
  1, removed                    done; removed: 1 it had an entry
  0, version, config, created   stale-version: the configuration has another version
  -1, now_ms                    stale-season: none of the windows contains the present
  -2                            no-board
  -3                            no-season
  -4                            untidy: call leaderboards.tidy first

COST O(log(members))
]]
-- @use lib/tidy.lua
-- @use lib/members.lua
local board_key, plan, windows, member = KEYS[1], ARGV[1], ARGV[2], ARGV[3]

local board, refusal = open_tidy(board_key, plan, windows)
if not board then return refusal end
return { 1, remove(board, member) and 1 or 0 }
