--[[
cache.remove: drop a key. A load or write that began before may not fill it any more.

KEYS clock        zset    clk, epoch, run and marks of the partition
KEYS entry        string  see lib/entry.lua
KEYS lease        string  see lib/lease.lua and lib/writes.lua
KEYS values       hash    of a counter or an object
KEYS fences?      zset    see fences.lua
ARGV on_restart   string  keep, soft or flush, and the epoch of a new clock
ARGV space        string
ARGV name         string  the key, for its message
ARGV condition    string  see lib/condition.lua
ARGV idle_ms      int     longest time without use, 0 for none
ARGV invalidates  0 or 1  1: a value that its origin has yet to get ends once it is delivered
ARGV fence?       string  that it came with, see fences.lua

RETURN outcome version
  1, clk      removed
  2, version  precondition-failed; version of what is there, 0 for nothing
  3, version  outbox-pending: what is there has yet to reach its origin
  4, highest  fence-outdated: the highest fence that came before

COST O(1)
]]
-- @use ../../redis/scripts/lib/fences.lua
-- @use lib/condition.lua
-- @use lib/partition.lua
-- @use lib/verdict.lua
-- @use lib/writes.lua
local clock_key, entry_key, lease_key, values_key = KEYS[1], KEYS[2], KEYS[3], KEYS[4]
local on_restart, space, name = ARGV[1], ARGV[2], ARGV[3]
local condition, idle_ms, invalidates, fence = ARGV[4], tonumber(ARGV[5]), ARGV[6] == '1', ARGV[7]

local highest = outdated_by(KEYS[5], fence)
if highest then return { 4, highest } end

local clock = read_clock(clock_key, space, on_restart)
local entry = read_entry(entry_key)
if entry and entry.pending then
  if not invalidates then return { 3, entry.version } end
  -- First, because it begins with PEXPIRE, after which a full Redis lets the script write.
  tick_if_saved(clock)
  -- Of no clock.
  redis.call('SETRANGE', entry_key, EPOCH_AT, struct.pack('>d', 0))
  return { 1, clock.clk }
end
if condition ~= '' then
  local there = version_of(judge(entry, clock, space, idle_ms), entry)
  if not fits(there, condition) then return { 2, there } end
end

-- First, because a full Redis lets a script write only after its first freeing command.
redis.call('UNLINK', entry_key, values_key)
local is_awaited = void_lease(lease_key) -- @place removal-of-a-lease
-- Also where there was nothing: an instance may hold in memory what Redis lost.
tick_if_saved(clock)
publish_key(clock, space, name, is_awaited)
return { 1, clock.clk }
