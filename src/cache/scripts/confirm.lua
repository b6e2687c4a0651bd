--[[
cache.confirm: the origin says that the value which is there is current. Its times begin again, as those of
a fill; its version and its bytes stay.

KEYS clock       zset    clk, epoch, run and marks of the partition
KEYS entry       string  see lib/entry.lua
KEYS lease       string  see lib/lease.lua
ARGV on_restart  string  keep, soft or flush, and the epoch of a new clock
ARGV space       string
ARGV name        string  the key, for its message
ARGV proof       string  of the grant, see lib/lease.lua
ARGV ttl_ms      int     fresh for
ARGV stale_ms    int     then stale for
ARGV error_ms    int     or, once a load failed, for

RETURN outcome
  1 confirmed
  0 lost: the lease is not, or no longer, the caller's, or the value was invalidated
  2 gone: another value than that of the grant is there, or none; the lease goes on

COST O(1), and O(tags) for an entry with tags
]]
-- @use lib/fill.lua
-- @use lib/partition.lua
local clock_key, entry_key, lease_key = KEYS[1], KEYS[2], KEYS[3]
local on_restart, space, name, proof = ARGV[1], ARGV[2], ARGV[3], ARGV[4]
local ttl_ms, stale_ms, error_ms = tonumber(ARGV[5]), tonumber(ARGV[6]), tonumber(ARGV[7])

local clock = read_clock(clock_key, space, on_restart)
local lease = read_lease(lease_key, clock)
-- Writes to the origin that are under way have taken the place of the lease.
if not is_held(lease, proof) then return { 0 } end
local entry = read_entry(entry_key)
if not entry or entry.version ~= lease.base then return { 2 } end
local _, hard = marks_of(clock, space, split_tags(entry.tags), entry.fence)
if entry.fence < hard then
  end_lease(lease_key, clock, space, name)
  return { 0 }
end

-- First, because it begins with PEXPIRE, after which a full Redis lets the script write.
tick(clock)
local logical = fresh_until(lease, ttl_ms)
local stale, error_end = logical + stale_ms * 1000, logical + error_ms * 1000
local ends = math.max(stale, error_end)
local fence = lease.clk -- @place fence-of-a-confirmation
redis.call('SETRANGE', entry_key, FENCE_AT, struct.pack('>ddd', fence, entry.epoch, now_us))
redis.call('SETRANGE', entry_key, LOGICAL_AT, struct.pack('>dddd', logical, stale, error_end, 0))
outlive(clock, fence, ends)
redis.call('PEXPIRE', entry_key, math.ceil((ends - now_us) / 1000))
redis.call('UNLINK', lease_key)
publish_key(clock, space, name, true)
return { 1 }
