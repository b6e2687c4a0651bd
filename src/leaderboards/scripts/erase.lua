--[[
leaderboards.erase: delete all data of a member in the newest seasons of a board, hidden or not; the next
call does older ones. A hidden member stays hidden.

KEYS board    hash    version, config, season, closed, hides
ARGV plan     string  what scripts must know of the configuration: lib/board.lua
ARGV windows  string  "id start end ..." in ms: the seasons around now
ARGV member   string  id
ARGV skip     int     newer seasons that are done
ARGV most     int     seasons to do now

RETURN outcome ...
  1, seasons, more              done; seasons: number that had an entry; more: 1 there are older ones
  0, version, config, created   stale-version: the configuration has another version
  -1, now_ms                    stale-season: none of the windows contains the present
  -2                            no-board

COST O(most x log(members))
]]
-- @use lib/board.lua
-- @use lib/members.lua
local board_key, plan, windows, member = KEYS[1], ARGV[1], ARGV[2], ARGV[3]
local skip, most = tonumber(ARGV[4]), tonumber(ARGV[5])

local board, refusal = open_board(board_key, plan, windows)
if not board then return refusal end

local removed = 0
local seasons = redis.call('ZREVRANGE', seasons_key(board_key), skip, skip + most)
for at = 1, math.min(#seasons, most) do
  for part, key in pairs(season_keys(board_key, seasons[at])) do board[part] = key end
  if remove(board, member) then removed = removed + 1 end
  redis.call('HDEL', board.client, member)
end
return { 1, removed, #seasons > most and 1 or 0 }
