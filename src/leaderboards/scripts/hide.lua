--[[
leaderboards.hide: take a member out of the ranks of the newest seasons, or put it back; older ones
follow with the next call.

KEYS board    hash    version, config, season, closed, hides
ARGV plan     string  version of the configuration and what follows from it; see lib/board.lua
ARGV windows  string  "id start end ..." in ms: the seasons around now
ARGV member   string  id
ARGV hide     0 or 1  0: rank it again
ARGV skip     int     newer seasons where that was done
ARGV most     int     seasons to do now

RETURN outcome ...
  1, changed, more              done; changed: 0 it was so before; more: 1 there are older seasons
  0, version, config, created   other-version: the configuration is another one
  -1, now_ms                    other-season: none of the seasons is the present one
  -2                            no-board

COST O(most x log(members))
MEMORY grows
]]
-- @use lib/board.lua
-- @use lib/members.lua
local board_key, plan, windows, member, hide = KEYS[1], ARGV[1], ARGV[2], ARGV[3], ARGV[4] == '1'
local skip, most = tonumber(ARGV[5]), tonumber(ARGV[6])

local board, again = open_board(board_key, plan, windows)
if not board then return again end

-- The mark goes first: what is submitted from now on is hidden, or ranked.
local hidden = hidden_key(board_key)
local changed = redis.call(hide and 'SADD' or 'SREM', hidden, member)
local seasons = redis.call('ZREVRANGE', seasons_key(board_key), skip, skip + most)
for at = 1, math.min(#seasons, most) do
  for part, key in pairs(season_keys(board_key, seasons[at])) do board[part] = key end
  local prefix = redis.call('HGET', board.places, member)
  if prefix and hide then unseat(board, member, prefix) end
  if prefix and not hide then seat(board, member, prefix) end
end
if board.ttl_ms > 0 then redis.call('PEXPIRE', hidden, board.ttl_ms) end
-- Submissions ask the set only while it is not empty.
if redis.call('EXISTS', hidden) == 1 then
  redis.call('HSET', board_key, 'hides', 1)
else
  redis.call('HDEL', board_key, 'hides')
end
return { 1, changed, #seasons > most and 1 or 0 }
