--[[
leaderboards.ttl: whether a board exists, and its time to live.

KEYS board  hash  version, config, season, closed, hides

RETURN left_ms
  int   until it expires without a submission; -1: it does not expire; -2: there is no such board

COST O(1)
]]
return { redis.call('PTTL', KEYS[1]) }
