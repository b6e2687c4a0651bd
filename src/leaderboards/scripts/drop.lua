--[[
leaderboards.drop: delete a board with all its seasons.

KEYS board     hash    version, config, season, closed, hides
ARGV if_match  string  version that must be the present one, '' for any, '*' for any existing

RETURN outcome
  1   it is gone
  0   there was none
  2   if_match is another version

COST O(seasons); the members are freed in another thread
]]
-- @use lib/season.lua
local board_key, if_match = KEYS[1], ARGV[1]

local version = redis.call('HGET', board_key, 'version')
if if_match ~= '' and if_match ~= version and not (if_match == '*' and version) then return { 2 } end
for _, id in ipairs(redis.call('ZRANGE', seasons_key(board_key), 0, -1)) do drop_season(board_key, id) end
redis.call('UNLINK', hidden_key(board_key))
return { redis.call('UNLINK', board_key) }
