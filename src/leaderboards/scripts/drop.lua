--[[
leaderboards.drop: delete a board with all its seasons.

KEYS board  hash  version, config, season, closed, hides

RETURN existed
  1   it is gone
  0   there was none

COST O(seasons); the members are freed in another thread
]]
-- @use lib/season.lua
local board_key = KEYS[1]
for _, id in ipairs(redis.call('ZRANGE', seasons_key(board_key), 0, -1)) do drop_season(board_key, id) end
redis.call('UNLINK', hidden_key(board_key))
return { redis.call('UNLINK', board_key) }
