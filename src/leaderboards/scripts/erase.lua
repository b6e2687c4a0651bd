--[[
leaderboards.erase: take a member out of the newest seasons of a board, hidden or not, with all that is
known of it; older ones follow with the next call. A hidden member stays hidden.

KEYS board    hash    version, config, season, closed, hides
ARGV plan     string  version of the configuration and what follows from it; see lib/board.lua
ARGV windows  string  "id start end ..." in ms: the seasons around now
ARGV member   string  id
ARGV skip     int     newer seasons where that was done
ARGV most     int     seasons to do now

RETURN outcome ...
  1, seasons, more              done; seasons: in which it had an entry; more: 1 there are older ones
  0, version, config, created   other-version: the configuration is another one
  -1, now_ms                    other-season: none of the seasons is the present one
  -2                            no-board

COST O(most x log(members))
]]
-- @use lib/board.lua
-- @use lib/members.lua
local board_key, plan, windows, member = KEYS[1], ARGV[1], ARGV[2], ARGV[3]
local skip, most = tonumber(ARGV[4]), tonumber(ARGV[5])

local board, again = open_board(board_key, plan, windows)
if not board then return again end

local removed = 0
local seasons = redis.call('ZREVRANGE', seasons_key(board_key), skip, skip + most)
for at = 1, math.min(#seasons, most) do
  for part, key in pairs(season_keys(board_key, seasons[at])) do board[part] = key end
  if remove(board, member) then removed = removed + 1 end
  redis.call('HDEL', board.client, member)
end
return { 1, removed, #seasons > most and 1 or 0 }
