--[[
cache.incr: add to a counter of 64 bits, which begins where there is none.

KEYS clock       zset    clk, epoch, run and marks of the partition
KEYS entry       string  see lib/entry.lua
KEYS lease       string  a load under way may not fill the key any more
KEYS values      hash    see lib/values.lua; the count is the field n
KEYS record?     string  see lib/record.lua
KEYS fences?     zset    see fences.lua
ARGV on_restart  string  keep, soft or flush, and the epoch of a new clock
ARGV space       string
ARGV name        string  the key, for its message
ARGV by          string  int64
ARGV first       string  int64, the value of a counter that begins; '' if that leaves 64 bits
ARGV ttl_ms      int     life of a counter that begins
ARGV idle_ms     int     longest time without use, 0 for none
ARGV condition   string  see lib/condition.lua
ARGV fingerprint string  of the request, '' without an idempotency key
ARGV record_ttl_ms int     how long the idempotency record is kept
ARGV fence?      string  that it came with, see fences.lua

RETURN outcome version replayed value
  1 created: the counter began
  2 counted: it was there, or this is a repeat
  3 kind-mismatch: the key holds another kind, with its number as version
  4 overflow: the result would leave 64 bits
  5 conflict: the idempotency key belongs to another request
  6 precondition-failed; version of what is there, 0 for nothing
  7 outbox-pending: what is there has yet to reach its origin
  8 fence-outdated; the highest fence that came before, as version
  Only 1 and 2 change the counter, and have a value.

COST O(1)
MEMORY grows
]]
-- @use ../../redis/scripts/lib/fences.lua
-- @use lib/partition.lua
-- @use lib/record.lua
-- @use lib/values.lua
-- @use lib/verdict.lua
local clock_key, entry_key, lease_key, values_key = KEYS[1], KEYS[2], KEYS[3], KEYS[4]
local on_restart, space, name = ARGV[1], ARGV[2], ARGV[3]
local by, first, ttl_ms, idle_ms = ARGV[4], ARGV[5], tonumber(ARGV[6]), tonumber(ARGV[7])
local condition, fingerprint, record_ttl_ms, fence = ARGV[8], ARGV[9], tonumber(ARGV[10]), ARGV[11]
local record_key = fingerprint ~= '' and KEYS[5]

local repeated = read_record(record_key, fingerprint, 5)
if repeated then return repeated end
local highest = outdated_by(KEYS[#KEYS], fence)
if highest then return { 8, highest, 0 } end

local clock = read_clock(clock_key, space, on_restart)
local entry = read_entry(entry_key)
if entry and entry.pending then return { 7, entry.version, 0 } end
local state = judge(entry, clock, space, idle_ms)
local there, other_kind, other_version = look_up(state, entry, COUNTER, condition)
if other_kind then return { 3, other_kind, 0 } end
if other_version then return { 6, other_version, 0 } end

local value = first
if there then value = increment(values_key, 'n', by) end
if not value or value == '' then return { 4, 0, 0 } end
if not there then
  redis.call('UNLINK', values_key)
  redis.call('HSET', values_key, 'n', first)
  entry = new_values(COUNTER, clock, ttl_ms)
end

tick(clock)
entry.size = 8
save_values(entry_key, values_key, entry, clock)
local is_awaited = redis.call('UNLINK', lease_key) > 0
write_record(record_key, record_ttl_ms, fingerprint, 2, digits(clock.clk), value)
publish_key(clock, space, name, is_awaited)
return { there and 2 or 1, clock.clk, 0, value }
