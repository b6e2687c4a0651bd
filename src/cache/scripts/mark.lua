--[[
cache.mark: invalidate a space, or the values with one of some tags, without touching an entry.

KEYS clock       zset    clk, epoch, run and marks of the partition
KEYS absent      string  never exists, so a Cluster refuses the call while the slot moves: the message
                         would not reach those who still listen at the server it moves from
ARGV on_restart  string  keep, soft or flush, and the epoch of a new clock
ARGV space       string
ARGV hard        0 or 1  0: stale from now on; 1: never served again
ARGV max_marks   int     of the partition; beyond, the oldest are folded
ARGV tight       0 or 1  1: Redis has no room for more marks
ARGV tags[]      string  none for the whole space

RETURN clk marks folded
  marks, folded  of the partition: how many there are now, and how many were folded

COST O(tags given)
]]
-- @use lib/fold.lua
-- @use lib/partition.lua
local clock_key = KEYS[1]
local on_restart, space = ARGV[1], ARGV[2]
local hard, max_marks, tight = ARGV[3] == '1', tonumber(ARGV[4]), ARGV[5] == '1'
local FIRST_TAG = 6
local set = hard and set_mark or set_soft_mark
-- On a tight Redis this many marks are still kept apart.
local LEAST_MARKS = 100

local clock = read_clock(clock_key, space, on_restart)
local most = max_marks
if tight then most = math.min(most, math.max(LEAST_MARKS, redis.call('ZCARD', clock_key))) end

local function mark(name, kind, text)
  -- Without a clock there is no entry to mark, but an instance may still hold what Redis lost.
  if clock.saved then set(clock, name) else tick_if_saved(clock) end
  announce(clock, kind, space, text)
end
if #ARGV < FIRST_TAG then mark((hard and 'h:' or 's:') .. space, 'f', '') end
for i = FIRST_TAG, #ARGV do mark((hard and 'T:' or 't:') .. space .. ':' .. ARGV[i], 't', ARGV[i]) end
save_said(clock)

local folded = fold_marks(clock, most, math.max(1, #ARGV - FIRST_TAG + 1))
return { clock.clk, redis.call('ZCARD', clock_key), folded }
