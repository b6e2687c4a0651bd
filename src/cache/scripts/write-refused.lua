--[[
cache.write-refused: the origin did not take a write. Its note is taken back, and the key keeps its value,
which is stale since the write began.

KEYS clock       zset    clk, epoch, run and marks of the partition
KEYS lease       string  see lib/writes.lua
ARGV on_restart  string  keep, soft or flush, and the epoch of a new clock
ARGV space       string
ARGV name        string  the key, for its message
ARGV clk         int     of its begin

RETURN outcome
  1 taken-back
  0 gone: the note ended, or was lost

COST O(max_notes)
]]
-- @use lib/partition.lua
-- @use lib/writes.lua
local clock_key, lease_key = KEYS[1], KEYS[2]
local on_restart, space, name, clk = ARGV[1], ARGV[2], ARGV[3], tonumber(ARGV[4])

local clock = read_clock(clock_key, space, on_restart)
local writes = read_writes(lease_key, clock)
if not take_note(writes, clk) then return { 0 } end
save_writes(lease_key, writes)
if #writes.notes == 0 then wake(clock, space, name) end
return { 1 }
