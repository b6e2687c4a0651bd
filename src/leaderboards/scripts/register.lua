--[[
leaderboards.register: list a board that is created or changed, and schedule a recheck.

A board is in another slot than the list of its namespace, so the two change one after the other. A
recheck corrects the list when a call stops in between, and when a board expires.

KEYS registry  zset    names of boards that exist, all with score 0
KEYS rechecks  zset    names, scored by the time in ms at which to check whether the board exists
ARGV board     string  name
ARGV listed    1       or '': unchanged
ARGV recheck_in_ms  int   time to the recheck
ARGV limit     int     names to return at most

RETURN names
  name ...   that are due for a recheck

COST O(log(boards) + limit)
MEMORY grows
]]
-- @use lib/listing.lua
local registry_key, rechecks_key, board, listed = KEYS[1], KEYS[2], ARGV[1], ARGV[2]
local recheck_in_ms, limit = ARGV[3], ARGV[4]

note(registry_key, rechecks_key, board, listed, recheck_in_ms, recheck_in_ms)
local now_ms = string.format('%.0f', math.floor(now_us / 1000))
return redis.call('ZRANGEBYSCORE', rechecks_key, '-inf', now_ms, 'LIMIT', 0, limit)
