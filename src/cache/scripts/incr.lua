--[[
cache.incr: add to a counter of 64 bits, which begins where there is none.

KEYS clock       zset    clk, epoch, run and marks of the partition
KEYS entry       string  see lib/entry.lua
KEYS lease       string  a load under way may not fill the key any more
KEYS values      hash    see lib/values.lua; the count stands in the field n
KEYS memo?       string  "fingerprint version value" of the request with this idempotency key
ARGV seed        int     epoch of a new clock
ARGV on_restart  int     0 keep, 1 soft, 2 flush
ARGV space       string
ARGV name        string  the key, for whoever listens
ARGV by          string  int64
ARGV first       string  int64, the value where there was none; '' if that leaves 64 bits
ARGV ttl_ms      int     life of a counter that begins
ARGV idle_ms     int     longest time without use, 0 for none
ARGV match       string  versions of which one must be there, see lib/condition.lua
ARGV none        string  versions that must not be there
ARGV fingerprint string  of the request, '' without an idempotency key
ARGV memo_ttl_ms int     how long the memo is kept

RETURN outcome version replayed value
  1 created: the counter began
  2 counted: it was there
  3 kind-mismatch: the key holds another kind, whose number stands as version
  4 overflow: the result would leave 64 bits; nothing changed
  5 conflict: the idempotency key belongs to another request
  6 precondition-failed; version of what is there, 0 for nothing

COST O(1)
MEMORY grows
]]
-- @use lib/partition.lua
-- @use lib/values.lua
-- @use lib/verdict.lua
local clock_key, entry_key, lease_key, values_key, memo_key = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5]
local seed, on_restart, space, name = tonumber(ARGV[1]), tonumber(ARGV[2]), ARGV[3], ARGV[4]
local by, first, ttl_ms, idle_ms = ARGV[5], ARGV[6], tonumber(ARGV[7]), tonumber(ARGV[8])
local match, none, fingerprint, memo_ttl_ms = ARGV[9], ARGV[10], ARGV[11], tonumber(ARGV[12])

local memo = memo_key and redis.call('GET', memo_key)
if memo then
  local known, version, value = string.match(memo, '^(%S+) (%d+) (%S+)$')
  if known ~= fingerprint then return { 5, 0, 0, '' } end
  return { 2, tonumber(version), 1, value }
end

local clock = read_clock(clock_key, space, seed, on_restart)
local entry = read_entry(entry_key)
local state = judge(entry, clock, space, idle_ms)
local there, other_kind, other_version = look_up(state, entry, COUNTER, match, none)
if other_kind then return { 3, other_kind, 0, '' } end
if other_version then return { 6, other_version, 0, '' } end

local value = first
if there then value = increment(values_key, 'n', by) end
if not value or value == '' then return { 4, 0, 0, '' } end
if not there then
  redis.call('UNLINK', values_key)
  redis.call('HSET', values_key, 'n', first)
  entry = new_values(COUNTER, clock, ttl_ms)
end

tick(clock)
entry.size = 8
save_values(entry_key, values_key, entry, clock)
local is_awaited = redis.call('UNLINK', lease_key) > 0
if memo_key then
  redis.call('SET', memo_key, table.concat({ fingerprint, digits(clock.clk), value }, ' '), 'PX', memo_ttl_ms)
end
publish_key(clock, space, name, is_awaited)
return { there and 2 or 1, clock.clk, 0, value }
