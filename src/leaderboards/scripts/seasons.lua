--[[
leaderboards.seasons: the seasons that have entries, the oldest first.

KEYS board    hash    version, config, season, closed, hides
ARGV plan     string  what scripts must know of the configuration: lib/board.lua
ARGV windows  string  "id start end ..." in ms: the seasons around now

RETURN outcome ...
  1, now_ms, ...                seasons; per season: id, end_ms, total
  0, version, config, created   stale-version: the configuration has another version
  -1, now_ms                    stale-season: none of the windows contains the present
  -2                            no-board

COST O(seasons)
]]
-- @use lib/board.lua
local board_key, plan, windows = KEYS[1], ARGV[1], ARGV[2]

local board, refusal = open_board(board_key, plan, windows)
if not board then return refusal end
local reply = { 1, math.floor(now_us / 1000) }
local seasons = redis.call('ZRANGE', seasons_key(board_key), 0, -1, 'WITHSCORES')
for at = 1, #seasons, 2 do
  local keys = season_keys(board_key, seasons[at])
  if redis.call('EXISTS', keys.places) == 1 then
    reply[#reply + 1] = seasons[at]
    reply[#reply + 1] = tonumber(seasons[at + 1])
    reply[#reply + 1] = redis.call('ZCARD', keys.order)
  end
end
return reply
