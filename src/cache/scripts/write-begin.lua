--[[
cache.write-begin: note that a write is on its way to the origin. Until it ends no load is stored, and
the value that is there is stale.

KEYS clock       zset    clk, epoch, run and marks of the partition
KEYS entry       string  see lib/entry.lua
KEYS lease       string  see lib/writes.lua; a load under way may not fill the key any more
KEYS record?     string  see lib/record.lua
ARGV on_restart  string  keep, soft or flush, and the epoch of a new clock
ARGV space       string
ARGV name        string  the key, for its message
ARGV condition   string  see lib/condition.lua
ARGV idle_ms     int     longest time without use, 0 for none
ARGV served_ms   int     how long the value may still be served stale
ARGV lasts_ms    int     within which the origin applies the write, if it does, also where the writer dies
ARGV max_notes   int     see add_note in lib/writes.lua
ARGV fingerprint string  of the request, '' without an idempotency key
ARGV record_ttl_ms  int  how long the idempotency record is kept

RETURN outcome clk version first validator
  1 created
  2 replaced: as 1, the origin took the same request before; version that it was stored under, 0 for none
  3 begun: clk is the proof of the write; version of the value that is there, 0 for none; first is the clk
    at which the same request first began; validator is what the origin calls the value that the condition
    was compared with, see lib/entry.lua, '' where it is not known
  4 precondition-failed; version of what is there, 0 for nothing
  5 miss: there is nothing to compare the condition with
  6 conflict: the idempotency key was used for another request
  7 outbox-pending: what is there has yet to reach its origin by the outbox
  Of all but 3 nothing changed.

COST O(max_notes), and O(tags) for an entry with tags
MEMORY grows
]]
-- @use lib/condition.lua
-- @use lib/partition.lua
-- @use lib/record.lua
-- @use lib/verdict.lua
-- @use lib/writes.lua
local clock_key, entry_key, lease_key, record_key = KEYS[1], KEYS[2], KEYS[3], KEYS[4]
local on_restart, space, name = ARGV[1], ARGV[2], ARGV[3]
local condition, idle_ms = ARGV[4], tonumber(ARGV[5])
local served_ms, lasts_ms, max_notes = tonumber(ARGV[6]), tonumber(ARGV[7]), tonumber(ARGV[8])
local fingerprint, record_ttl_ms = ARGV[9], tonumber(ARGV[10])
local BEGUN, CONFLICT = 3, 6

local repeated = read_record(record_key, fingerprint, CONFLICT)
if repeated and repeated[1] ~= BEGUN then return { repeated[1], 0, repeated[2], 0, '' } end

local clock = read_clock(clock_key, space, on_restart)
local entry = read_entry(entry_key)
if entry and entry.pending then return { 7, 0, entry.version, 0, '' } end
local state = judge(entry, clock, space, idle_ms)
local version = version_of(state, entry)
if condition ~= '' and state == 0 then return { 5, 0, 0, 0, '' } end
if not fits(version, condition) then return { 4, 0, version, 0, '' } end

tick(clock)
local writes = read_writes(lease_key, clock)
writes.contended = #writes.notes > 0
add_note(writes, clock.clk, now_us + lasts_ms * 1000, max_notes)
local is_awaited = save_writes(lease_key, writes)
if entry then make_stale(entry, now_us + served_ms * 1000) end -- @place value-during-a-write
-- The origin may know a repeat by it.
local first = repeated and repeated[2] or clock.clk
if not repeated then write_record(record_key, record_ttl_ms, fingerprint, BEGUN, digits(first)) end
publish_key(clock, space, name, is_awaited)
local compared = condition ~= '' and version > 0
return { BEGUN, clock.clk, version, first, compared and string.match(entry.token, '\n(.*)$') or '' }
