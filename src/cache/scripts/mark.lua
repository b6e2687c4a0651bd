--[[
cache.mark: invalidate a whole space, or what carries one of some tags, without touching an entry.

KEYS clock       zset    clk, epoch, run and marks of the partition
ARGV seed        int     epoch of a new clock
ARGV on_restart  int     0 keep, 1 soft, 2 flush
ARGV space       string
ARGV hard        0 or 1  0: stale from now on; 1: never seen again
ARGV tags[]      string  none for the whole space

RETURN clk

COST O(tags given)
]]
-- @use lib/clock.lua
local clock_key = KEYS[1]
local seed, on_restart, space = tonumber(ARGV[1]), tonumber(ARGV[2]), ARGV[3]
local hard = ARGV[4] == '1'
local set = hard and set_mark or set_soft_mark

local clock = read_clock(clock_key, space, seed, on_restart)
if #ARGV == 4 then
  set(clock, (hard and 'h:' or 's:') .. space)
  publish(clock, 'f', space, '')
end
for i = 5, #ARGV do
  set(clock, (hard and 'T:' or 't:') .. space .. ':' .. ARGV[i])
  publish(clock, 't', space, ARGV[i])
end
return { clock.clk }
