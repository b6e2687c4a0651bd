--[[
cache.write-unknown: the origin may have taken a write, or may still take it. The key is dropped, and no
load is stored until that time is over.

KEYS clock            zset    clk, epoch, run and marks of the partition
KEYS entry            string  see lib/entry.lua
KEYS lease            string  see lib/writes.lua
KEYS values           hash    of a counter or an object
ARGV on_restart       string  keep, soft or flush, and the epoch of a new clock
ARGV space            string
ARGV name             string  the key, for its message
ARGV clk              int     of its begin
ARGV apply_within_ms  int     within which the origin applies it, if it does
ARGV max_notes        int     see add_note in lib/writes.lua

RETURN clk

COST O(max_notes)
]]
-- @use lib/partition.lua
-- @use lib/writes.lua
local clock_key, entry_key, lease_key, values_key = KEYS[1], KEYS[2], KEYS[3], KEYS[4]
local on_restart, space, name = ARGV[1], ARGV[2], ARGV[3]
local clk, apply_within_ms, max_notes = tonumber(ARGV[4]), tonumber(ARGV[5]), tonumber(ARGV[6])

local clock = read_clock(clock_key, space, on_restart)
local writes = read_writes(lease_key, clock)
take_note(writes, clk)
-- Where its note had ended, others may count as alone that are not.
writes.contended = true
add_note(writes, clk, now_us + apply_within_ms * 1000, max_notes) -- @place note-of-an-unknown-outcome
-- First, because a full Redis lets a script write only after its first freeing command.
drop_delivered(entry_key, values_key)
save_writes(lease_key, writes)
tick_if_saved(clock)
publish_key(clock, space, name, true)
return { clock.clk }
