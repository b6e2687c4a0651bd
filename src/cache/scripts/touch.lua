--[[
cache.touch: start the time of a fresh value again. Its version stays: it is the same value.

KEYS clock       zset    clk, epoch, run and marks of the partition
KEYS entry       string  see lib/entry.lua
KEYS values      hash    see lib/values.lua
ARGV on_restart  string  keep, soft or flush, and the epoch of a new clock
ARGV space       string
ARGV name        string  the key, for its message
ARGV ttl_ms      int     fresh for, from now on
ARGV jitter_ms   int     taken off that, except for a counter, which may count per window
ARGV idle_ms     int     longest time without use, 0 for none
ARGV condition   string  see lib/condition.lua

RETURN outcome version
  1, version  fresh: it is, for ttl_ms; a stale window stays as long as before
  0, 0        miss: nothing is there
  2, version  stale: only a load makes it fresh again
  3, version  negative: it is known to have no value
  4, version  refused: the condition does not hold
  5, version  outbox-pending: its time begins once its origin has it
  Of all but 1 nothing changed.

COST O(1), and O(tags) for an entry with tags
]]
-- @use lib/condition.lua
-- @use lib/partition.lua
-- @use lib/verdict.lua
local clock_key, entry_key, values_key = KEYS[1], KEYS[2], KEYS[3]
local on_restart, space, name = ARGV[1], ARGV[2], ARGV[3]
local ttl_ms, jitter_ms, idle_ms, condition = tonumber(ARGV[4]), tonumber(ARGV[5]), tonumber(ARGV[6]), ARGV[7]

local clock = read_clock(clock_key, space, on_restart)
local entry = read_entry(entry_key)
if entry and entry.pending then return { 5, entry.version } end
local state = judge(entry, clock, space, idle_ms)
if state ~= 1 then return { state, state == 0 and 0 or entry.version } end
if not fits(entry.version, condition) then return { 4, entry.version } end

-- A shorter life is a change as well: a process may keep the value in its memory for the old one.
tick(clock)
if entry.kind ~= COUNTER then ttl_ms = ttl_ms - jitter_ms end
local later = now_us + ttl_ms * 1000 - entry.logical
local ends = math.max(entry.logical, entry.stale, entry.error) + later
redis.call('SETRANGE', entry_key, TOUCHED_AT,
  struct.pack('>dddd', now_us, entry.logical + later, entry.stale + later, entry.error + later))
-- The value is fresh, so no mark came since its fence.
outlive(clock, now_us, ends)
local life_ms = math.ceil((ends - now_us) / 1000)
redis.call('PEXPIRE', entry_key, life_ms)
redis.call('PEXPIRE', values_key, life_ms)
publish_key(clock, space, name, false)
return { 1, entry.version }
