--[[
cache.patch: set, remove and increment fields of an object in one step, or change nothing.

KEYS clock           zset    clk, epoch, run and marks of the partition
KEYS entry           string  see lib/entry.lua
KEYS lease           string  a load under way may not fill the key any more
KEYS values          hash    see lib/values.lua
KEYS record?         string  see lib/record.lua
KEYS fences?         zset    see fences.lua
ARGV on_restart      string  keep, soft or flush, and the epoch of a new clock
ARGV space           string
ARGV name            string  the key, for its message
ARGV ttl_ms          int     new life of the object, 0 to keep the one it has
ARGV first_ttl_ms    int     life of an object that begins
ARGV idle_ms         int     longest time without use, 0 for none
ARGV max_bytes       int     of names and values together
ARGV max_fields      int
ARGV condition       string  see lib/condition.lua
ARGV fingerprint     string  of the request, '' without an idempotency key
ARGV record_ttl_ms   int     how long the idempotency record is kept
ARGV fence?          string  that it came with, see fences.lua
ARGV change[].verb   string  set, remove or incr
ARGV change[].field  string  every field once
ARGV change[].value  string  of a set; the int64 to add of an incr; '' of a remove

RETURN outcome version replayed sums...
  1 created: the object began; the sums of the increments, in the order asked
  2 patched: it was there; the same
  3 kind-mismatch: the key holds another kind, with its number as version
  4 conflict: the idempotency key belongs to another request
  5 miss: nothing is there, and there is nothing to begin with
  6 overflow: a sum would leave 64 bits; the name of the field follows
  7 not-an-integer: a field to increment is none; its name follows
  8 too-large: more bytes than may be
  9 too-many-fields
  10 precondition-failed; version of what is there, 0 for nothing
  11 outbox-pending: what is there has yet to reach its origin
  12 fence-outdated; the highest fence that came before, as version
  From 3 on nothing is applied.

COST O(changes)
MEMORY grows
]]
-- @use ../../redis/scripts/lib/fences.lua
-- @use lib/fields.lua
-- @use lib/partition.lua
-- @use lib/record.lua
-- @use lib/verdict.lua
local clock_key, entry_key, lease_key, values_key = KEYS[1], KEYS[2], KEYS[3], KEYS[4]
local on_restart, space, name = ARGV[1], ARGV[2], ARGV[3]
local ttl_ms, first_ttl_ms, idle_ms = tonumber(ARGV[4]), tonumber(ARGV[5]), tonumber(ARGV[6])
local max_bytes, max_fields = tonumber(ARGV[7]), tonumber(ARGV[8])
local condition, fingerprint, record_ttl_ms, fence = ARGV[9], ARGV[10], tonumber(ARGV[11]), ARGV[12]
local record_key = fingerprint ~= '' and KEYS[5]
local FIRST_CHANGE = 13
local REFUSALS = { overflow = 6, text = 7, bytes = 8, fields = 9 }

local repeated = read_record(record_key, fingerprint, 4)
if repeated then return repeated end
local highest = outdated_by(KEYS[#KEYS], fence)
if highest then return { 12, highest, 0 } end

local clock = read_clock(clock_key, space, on_restart)
local entry = read_entry(entry_key)
if entry and entry.pending then return { 11, entry.version, 0 } end
local there, other_kind, other_version =
  look_up(judge(entry, clock, space, idle_ms), entry, OBJECT, condition)
if other_kind then return { 3, other_kind, 0 } end
if other_version then return { 10, other_version, 0 } end
if not there and not brings_fields(ARGV, FIRST_CHANGE) then return { 5, 0, 0 } end
if not there then
  redis.call('UNLINK', values_key)
  entry = new_values(OBJECT, clock, first_ttl_ms)
end
local size, sums_or_why, field = apply_changes(values_key, entry.size, ARGV, FIRST_CHANGE, max_bytes, max_fields)
if not size then return { REFUSALS[sums_or_why], 0, 0, field } end

tick(clock)
entry.size = size
if there and ttl_ms > 0 then
  entry.logical = now_us + ttl_ms * 1000
  entry.stale, entry.error = entry.logical, entry.logical
end
save_values(entry_key, values_key, entry, clock)
local is_awaited = redis.call('UNLINK', lease_key) > 0
local outcome = there and 2 or 1
write_record(record_key, record_ttl_ms, fingerprint, outcome, digits(clock.clk), unpack(sums_or_why))
publish_key(clock, space, name, is_awaited)
return { outcome, clock.clk, 0, unpack(sums_or_why) }
