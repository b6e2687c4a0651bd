--[[
cache.sweep: drop the dead ones of some entries, which may never be read again.

KEYS clock       zset    clk, epoch, run and marks of the partition
KEYS entry[]     string  of one space, see lib/entry.lua; values of counters and objects go with them
ARGV on_restart  string  keep, soft or flush, and the epoch of a new clock
ARGV space       string

RETURN dropped

COST O(entries), and O(tags) for an entry with tags
]]
-- @use lib/partition.lua
-- @use lib/verdict.lua
local clock_key = KEYS[1]
local on_restart, space = ARGV[1], ARGV[2]

local clock = read_clock(clock_key, space, on_restart)
local dropped = 0
for i = 2, #KEYS do
  local entry = read_entry(KEYS[i])
  judge(entry, clock, space, 0)
  if drop_dead(entry) then dropped = dropped + 1 end
end
return { dropped }
