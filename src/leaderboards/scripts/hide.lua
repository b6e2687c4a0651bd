--[[
leaderboards.hide: remove a member from the ranks of the newest seasons, or add it back; the next call
does older ones.

KEYS board    hash    version, config, season, closed, hides
ARGV plan     string  what scripts must know of the configuration: lib/board.lua
ARGV windows  string  "id start end ..." in ms: the seasons around now
ARGV member   string  id
ARGV hide     0 or 1  0: rank it again
ARGV skip     int     newer seasons that are done
ARGV most     int     seasons to do now

RETURN outcome ...
  1, changed, more              done; changed: 0 nothing changed; more: 1 there are older seasons
  0, version, config, created   stale-version: the configuration has another version
  -1, now_ms                    stale-season: none of the windows contains the present
  -2                            no-board

COST O(most x log(members))
MEMORY grows
]]
-- @use lib/board.lua
-- @use lib/members.lua
local board_key, plan, windows, member, hide = KEYS[1], ARGV[1], ARGV[2], ARGV[3], ARGV[4] == '1'
local skip, most = tonumber(ARGV[5]), tonumber(ARGV[6])

local board, refusal = open_board(board_key, plan, windows)
if not board then return refusal end

-- First, because submissions look here: from now on they are hidden, or ranked.
local hidden = hidden_key(board_key)
local changed = redis.call(hide and 'SADD' or 'SREM', hidden, member)
local seasons = redis.call('ZREVRANGE', seasons_key(board_key), skip, skip + most)
for at = 1, math.min(#seasons, most) do
  for part, key in pairs(season_keys(board_key, seasons[at])) do board[part] = key end
  local prefix = redis.call('HGET', board.places, member)
  if prefix and hide then remove_ranked(board, member, prefix) end
  if prefix and not hide then add_ranked(board, member, prefix) end
end
if board.ttl_ms > 0 then redis.call('PEXPIRE', hidden, board.ttl_ms) end
-- `hides` spares submissions the lookup while no member is hidden.
if redis.call('EXISTS', hidden) == 1 then
  redis.call('HSET', board_key, 'hides', 1)
else
  redis.call('HDEL', board_key, 'hides')
end
return { 1, changed, #seasons > most and 1 or 0 }
