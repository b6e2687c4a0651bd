--[[
cache.soften: make a key stale from now on. A load under way may still fill it, as stale.

KEYS clock       zset    clk, epoch, run and marks of the partition
KEYS entry       string  see lib/entry.lua
KEYS lease       string  see lib/lease.lua
ARGV on_restart  string  keep, soft or flush, and the epoch of a new clock
ARGV space       string
ARGV name        string  the key, for its message

RETURN clk

COST O(1)
]]
-- @use lib/lease.lua
-- @use lib/partition.lua
local clock_key, entry_key, lease_key = KEYS[1], KEYS[2], KEYS[3]
local on_restart, space, name = ARGV[1], ARGV[2], ARGV[3]

local clock = read_clock(clock_key, space, on_restart)
-- First, because it begins with PEXPIRE, after which a full Redis lets the script write.
tick_if_saved(clock)

local entry = read_entry(entry_key)
if entry and entry.epoch == clock.epoch and (entry.pending or now_us < entry.logical) then
  make_stale(entry, math.huge)
end
local lease = read_lease(lease_key, clock)
-- A back-off goes on: the load that failed would most likely fail again.
if lease and not lease.failed and lease.softened == 0 then
  redis.call('SETRANGE', lease_key, SOFTENED_AT, struct.pack('>d', now_us))
end
publish_key(clock, space, name, lease ~= nil)
return { clock.clk }
