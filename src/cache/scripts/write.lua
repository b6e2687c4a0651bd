--[[
cache.write: store a value: as it comes, on a condition, or as the fill of a lease.

KEYS clock         zset    clk, epoch, run and marks of the partition
KEYS entry         string  see lib/entry.lua
KEYS lease         string  see lib/lease.lua
KEYS values        hash    of a counter or an object that the value replaces
KEYS record?       string  see lib/record.lua
KEYS fences?       zset    see fences.lua
ARGV on_restart    string  keep, soft or flush, and the epoch of a new clock
ARGV space         string
ARGV name          string  the key, for its message
ARGV fill          string  proof of the grant that this fills, and a digest of the value; '' for none
ARGV condition     string  see lib/condition.lua
ARGV show_bytes    int     of the present value, for a refused condition; -1: its version alone
ARGV negative      0 or 1  1: the value is known to be absent
ARGV ttl_ms        int     fresh for
ARGV stale_ms      int     then stale for
ARGV error_ms      int     or, once a load failed, for
ARGV idle_ms       int     longest time without use, 0 for none
ARGV type          string  content type
ARGV encoding      string  content encoding
ARGV tags          string  separated by line feeds
ARGV fingerprint   string  of the request, '' without an idempotency key
ARGV record_ttl_ms int     how long the idempotency record is kept
ARGV fence?        string  that it came with, see fences.lua
ARGV payload       string

RETURN outcome version replayed verdict entry
  1 created
  2 replaced
  3 precondition-failed; version of the present value, 0 for none; verdict and entry, see describe
  4 lease-lost: the lease is not, or no longer, the caller's
  5 conflict: the idempotency key, or the lease, was used for another request
  6 outbox-pending: the value that is there has yet to reach its origin
  7 fence-outdated; the highest fence that came before, as version

COST O(1), and O(tags)
MEMORY grows
]]
-- @use ../../redis/scripts/lib/fences.lua
-- @use lib/condition.lua
-- @use lib/fill.lua
-- @use lib/partition.lua
-- @use lib/record.lua
-- @use lib/verdict.lua
local clock_key, entry_key, lease_key, values_key = KEYS[1], KEYS[2], KEYS[3], KEYS[4]
local on_restart, space, name, fill, condition = ARGV[1], ARGV[2], ARGV[3], ARGV[4], ARGV[5]
local show_bytes, negative = tonumber(ARGV[6]), ARGV[7] == '1'
local ttl_ms, stale_ms, error_ms = tonumber(ARGV[8]), tonumber(ARGV[9]), tonumber(ARGV[10])
local idle_ms, content_type, encoding, tags = tonumber(ARGV[11]), ARGV[12], ARGV[13], ARGV[14]
local fingerprint, record_ttl_ms, fence, payload = ARGV[15], tonumber(ARGV[16]), ARGV[17], ARGV[18]
local record_key = fingerprint ~= '' and KEYS[5]

local repeated = read_record(record_key, fingerprint, 5)
if repeated then return repeated end
local highest = outdated_by(KEYS[#KEYS], fence)
if highest then return { 7, highest, 0 } end

local clock = read_clock(clock_key, space, on_restart)
local entry = read_entry(entry_key)
if entry and entry.pending then return { 6, entry.version, 0 } end
local state, logical, stale = judge(entry, clock, space, idle_ms)
local lease, why = lease_of_fill(fill, entry, clock, lease_key, space, name, tags)
if why == 'conflict' then return { 5, 0, 0 } end
if why == 'filled' then return { entry.was_created and 1 or 2, entry.version, 1 } end
if why == 'lost' then return { 4, 0, 0 } end

local version = version_of(state, entry)
if not fits(version, condition) then
  local shown = show_bytes >= 0 and version > 0 and state or 0
  return { 3, version, 0, describe(shown, entry, logical, stale, show_bytes) }
end

tick(clock)
local logical_end = fresh_until(lease, ttl_ms)
write_entry(clock, entry_key, {
  kind = BYTES, negative = negative, was_created = version == 0, version = clock.clk, epoch = clock.epoch,
  fence = lease and lease.clk or clock.clk, -- @place fence-of-a-fill
  created = now_us, touched = now_us, logical = logical_end, stale = logical_end + stale_ms * 1000,
  error = logical_end + error_ms * 1000, opens = 0, load = lease and load_ms(lease) or 0,
  size = #payload, token = fill, type = content_type, encoding = encoding, tags = tags,
}, payload)
local is_awaited = redis.call('UNLINK', lease_key, values_key) > 0
local outcome = version > 0 and 2 or 1
write_record(record_key, record_ttl_ms, fingerprint, outcome, digits(clock.clk))
publish_key(clock, space, name, is_awaited)
return { outcome, clock.clk, 0 }
