--[[
leaderboards.life: whether a board exists, and for how long.

KEYS board  hash  version, config, season, closed, hides

RETURN left_ms
  int   until it ends if nothing is submitted; -1: it does not end by itself; -2: there is none

COST O(1)
]]
return { redis.call('PTTL', KEYS[1]) }
