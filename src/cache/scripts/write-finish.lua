--[[
cache.write-finish: the origin took a write. What it took is stored where no other write can have come
before or after it unseen; otherwise the key is dropped, and the next load brings what the origin has.

KEYS clock       zset    clk, epoch, run and marks of the partition
KEYS entry       string  see lib/entry.lua
KEYS lease       string  see lib/writes.lua
KEYS values      hash    of a counter or an object that the value replaces
KEYS record?     string  see lib/record.lua
ARGV on_restart  string  keep, soft or flush, and the epoch of a new clock
ARGV space       string
ARGV name        string  the key, for its message
ARGV clk         int     of its begin
ARGV store       0 or 1  0: drop the key in any case
ARGV negative    0 or 1  1: the value is known to be absent
ARGV ttl_ms      int     fresh for
ARGV stale_ms    int     then stale for
ARGV error_ms    int     or, once a load failed, for
ARGV type        string  content type
ARGV encoding    string  content encoding
ARGV tags        string  separated by line feeds
ARGV fingerprint string  of the request, '' without an idempotency key
ARGV record_ttl_ms  int  how long the idempotency record is kept
ARGV outcome     int     what a repeat of the request answers: 1 created, 2 replaced; see write-begin.lua
ARGV payload     string

RETURN outcome version
  1 stored: under this version
  2 dropped; 0

COST O(max_notes), and O(tags)
]]
-- @use lib/fill.lua
-- @use lib/partition.lua
-- @use lib/record.lua
-- @use lib/writes.lua
local clock_key, entry_key, lease_key, values_key, record_key = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5]
local on_restart, space, name, clk = ARGV[1], ARGV[2], ARGV[3], tonumber(ARGV[4])
local store, negative = ARGV[5] == '1', ARGV[6] == '1'
local ttl_ms, stale_ms, error_ms = tonumber(ARGV[7]), tonumber(ARGV[8]), tonumber(ARGV[9])
local content_type, encoding, tags = ARGV[10], ARGV[11], ARGV[12]
local fingerprint, record_ttl_ms, outcome, payload = ARGV[13], tonumber(ARGV[14]), ARGV[15], ARGV[16]

local clock = read_clock(clock_key, space, on_restart)
local writes = read_writes(lease_key, clock)
local note = take_note(writes, clk)
local is_alone = note and not writes.contended -- @place lone-write
local _, hard = marks_of(clock, space, split_tags(tags), math.huge)
local is_current = writes.epoch == clock.epoch and clk >= hard -- @place write-under-marks

-- First, because a full Redis lets a script write only after its first freeing command.
drop_delivered(entry_key, values_key)
-- Without its note it may have reached the origin at any time since: nothing that began meanwhile counts.
if note then save_writes(lease_key, writes) else void_lease(lease_key) end -- @place late-finish
if not (store and is_alone and is_current) then
  write_record(record_key, record_ttl_ms, fingerprint, outcome, 0)
  tick_if_saved(clock)
  publish_key(clock, space, name, true)
  return { 2, 0 }
end

tick(clock)
local logical_end = fresh_until(writes, ttl_ms)
write_entry(clock, entry_key, {
  kind = BYTES, negative = negative, was_created = false, version = clock.clk, epoch = clock.epoch,
  fence = clk, -- @place fence-of-a-write
  created = now_us, touched = now_us, logical = logical_end, stale = logical_end + stale_ms * 1000,
  error = logical_end + error_ms * 1000, opens = 0, load = 0, size = #payload, token = '',
  type = content_type, encoding = encoding, tags = tags,
}, payload)
write_record(record_key, record_ttl_ms, fingerprint, outcome, digits(clock.clk))
publish_key(clock, space, name, true)
return { 1, clock.clk }
