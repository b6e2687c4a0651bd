--[[
cache.touch: let the time of a fresh value begin anew. Its version stays, for it is the same value.

KEYS clock       zset    clk, epoch, run and marks of the partition
KEYS entry       string  see lib/entry.lua
KEYS values      hash    see lib/values.lua
ARGV seed        int     epoch of a new clock
ARGV on_restart  int     0 keep, 1 soft, 2 flush
ARGV space       string
ARGV name        string  the key, for whoever listens
ARGV ttl_ms      int     fresh for, from now on
ARGV jitter_ms   int     taken off that, except for a counter, which may count per window
ARGV idle_ms     int     longest time without use, 0 for none
ARGV match       string  versions of which one must be there, see lib/condition.lua
ARGV none        string  versions that must not be there

RETURN outcome version
  1, version  fresh: it is so for ttl_ms; its stale window, if it has one, is as long as before
  0, 0        miss: nothing is there
  2, version  stale: only a load makes it fresh again, so nothing changed
  3, version  negative: it is known to have no value, and nothing changed
  4, version  refused: the condition does not hold, and nothing changed

COST O(1), and O(tags) for an entry with tags
]]
-- @use lib/condition.lua
-- @use lib/partition.lua
-- @use lib/verdict.lua
local clock_key, entry_key, values_key = KEYS[1], KEYS[2], KEYS[3]
local seed, on_restart, space, name = tonumber(ARGV[1]), tonumber(ARGV[2]), ARGV[3], ARGV[4]
local ttl_ms, jitter_ms, idle_ms = tonumber(ARGV[5]), tonumber(ARGV[6]), tonumber(ARGV[7])
local match, none = ARGV[8], ARGV[9]

local clock = read_clock(clock_key, space, seed, on_restart)
local entry = read_entry(entry_key)
local state = judge(entry, clock, space, idle_ms)
if state ~= 1 then return { state, state == 0 and 0 or entry.version } end
if not fits(entry.version, match, none) then return { 4, entry.version } end

-- Also a shorter life is news: a process may keep the value in its own memory for the old one.
tick(clock)
if entry.kind ~= COUNTER then ttl_ms = ttl_ms - jitter_ms end
local later = now_us + ttl_ms * 1000 - entry.logical
local ends = math.max(entry.logical, entry.stale, entry.error) + later
redis.call('SETRANGE', entry_key, TOUCHED_AT,
  struct.pack('>dddd', now_us, entry.logical + later, entry.stale + later, entry.error + later))
-- No mark came since its fence, or it would not be fresh.
outlive(clock, now_us, ends)
local life_ms = math.ceil((ends - now_us) / 1000)
redis.call('PEXPIRE', entry_key, life_ms)
redis.call('PEXPIRE', values_key, life_ms)
publish_key(clock, space, name, false)
return { 1, entry.version }
