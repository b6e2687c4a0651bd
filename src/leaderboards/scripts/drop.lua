--[[
leaderboards.drop: delete a board with all its seasons.

KEYS board     hash    version, config, season, closed, hides
ARGV if_match  string  '' no condition, '*' must exist, 'none' must not exist, else the version

RETURN outcome version
  1, version   dropped
  0, 0         absent
  2, version   precondition; 0 where there is none

COST O(seasons); the members are freed in another thread
]]
-- @use lib/season.lua
-- @use ../../redis/scripts/lib/precondition.lua
local board_key, if_match = KEYS[1], ARGV[1]

local version = redis.call('HGET', board_key, 'version') or nil
if not holds(if_match, version) then return { 2, tonumber(version or 0) } end
for _, id in ipairs(redis.call('ZRANGE', seasons_key(board_key), 0, -1)) do drop_season(board_key, id) end
redis.call('UNLINK', hidden_key(board_key))
return { redis.call('UNLINK', board_key), tonumber(version or 0) }
