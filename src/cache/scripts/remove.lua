--[[
cache.remove: drop a key for good. A load that began before may not fill it any more.

KEYS clock        zset    clk, epoch, run and marks of the partition
KEYS entry        string  see lib/entry.lua
KEYS lease        string  see lib/lease.lua
KEYS values       hash    of a counter or an object
ARGV seed         int     epoch of a new clock
ARGV on_restart   int     0 keep, 1 soft, 2 flush
ARGV space        string
ARGV name         string  the key, for whoever listens
ARGV match        string  versions of which one must be there, see lib/condition.lua
ARGV none         string  versions that must not be there
ARGV idle_ms      int     longest time without use, 0 for none

RETURN outcome version
  1, clk      removed
  2, version  precondition-failed; version of what is there, 0 for nothing

COST O(1)
]]
-- @use lib/condition.lua
-- @use lib/partition.lua
-- @use lib/verdict.lua
local clock_key, entry_key, lease_key, values_key = KEYS[1], KEYS[2], KEYS[3], KEYS[4]
local seed, on_restart, space, name = tonumber(ARGV[1]), tonumber(ARGV[2]), ARGV[3], ARGV[4]
local match, none, idle_ms = ARGV[5], ARGV[6], tonumber(ARGV[7])

local clock = read_clock(clock_key, space, seed, on_restart)
if match ~= '' or none ~= '' then
  local entry = read_entry(entry_key)
  local there = version_of(judge(entry, clock, space, idle_ms), entry)
  if not fits(there, match, none) then return { 2, there } end
end

-- First, because a full Redis lets a script write only after its first freeing command.
local is_awaited = redis.call('UNLINK', lease_key) > 0 -- @place removal-of-a-lease
redis.call('UNLINK', entry_key, values_key)
-- Also where nothing was left: an instance may still hold in its own memory what Redis lost.
tick_if_saved(clock)
publish_key(clock, space, name, is_awaited)
return { 1, clock.clk }
