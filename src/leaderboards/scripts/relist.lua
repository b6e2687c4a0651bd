--[[
leaderboards.relist: correct the list for a board that is deleted, or was found or missed by a recheck.

Also on a full Redis, so that boards can be deleted and listed there.

KEYS registry  zset    names of boards that exist, all with score 0
KEYS rechecks  zset    names, scored by the time in ms at which to check whether the board exists
ARGV board     string  name
ARGV listed    0 or 1  or '': unchanged, and nothing happens to a name that is not listed
ARGV recheck_in_ms  int   time to the recheck, '' for none
ARGV new_recheck_in_ms  int  the same for a name that was not listed

RETURN done
  done  always 1

COST O(log(boards))
]]
-- @use lib/listing.lua
local registry_key, rechecks_key, board, listed = KEYS[1], KEYS[2], ARGV[1], ARGV[2]
local recheck_in_ms, new_recheck_in_ms = ARGV[3], ARGV[4]

if listed == '' and not redis.call('ZSCORE', registry_key, board) then return { 1 } end
-- First, because a full Redis takes the writes of a script whose first write frees memory.
redis.call('ZREM', rechecks_key, board)
note(registry_key, rechecks_key, board, listed, recheck_in_ms, new_recheck_in_ms)
return { 1 }
