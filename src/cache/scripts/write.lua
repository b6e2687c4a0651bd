--[[
cache.write: store a value: as it comes, on a condition, or as the fill of a lease.

KEYS clock       zset    clk, epoch, run and marks of the partition
KEYS entry       string  see lib/entry.lua
KEYS lease       string  see lib/lease.lua
KEYS values      hash    of a counter or an object that stood under this key
KEYS memo?       string  "fingerprint outcome version" of the request with this idempotency key
ARGV seed        int     epoch of a new clock
ARGV on_restart  int     0 keep, 1 soft, 2 flush
ARGV space       string
ARGV name        string  the key, for whoever listens
ARGV fill        string  proof of the grant that this fills (lib/lease.lua), '' for none
ARGV fill_digest string  of what the fill brings, so that a repeat is known
ARGV match       string  versions of which one must be there, see lib/condition.lua
ARGV none        string  versions that must not be there
ARGV show        0 or 1  1: a refused condition answers with the present value
ARGV show_bytes  int     its payload is left out if it is larger
ARGV negative    0 or 1  1: the value is known to be absent
ARGV ttl_ms      int     fresh for
ARGV stale_ms    int     then stale for
ARGV error_ms    int     or, once a load failed, for
ARGV idle_ms     int     longest time without use, 0 for none
ARGV type        string  content type
ARGV encoding    string  content encoding
ARGV tags        string  separated by line feeds
ARGV fingerprint string  of the request, '' without an idempotency key
ARGV memo_ttl_ms int     how long the memo is kept
ARGV payload     string

RETURN outcome version replayed verdict entry
  1 created
  2 replaced
  3 precondition-failed; version of what is there, 0 for nothing; the entry if asked, see describe
     in lib/verdict.lua
  4 lease-lost: the lease is not, or no longer, the caller's
  5 conflict: the idempotency key, or the lease, was used for another request

COST O(1), and O(tags)
MEMORY grows
]]
-- @use lib/condition.lua
-- @use lib/lease.lua
-- @use lib/partition.lua
-- @use lib/verdict.lua
local clock_key, entry_key, lease_key, values_key, memo_key = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5]
local seed, on_restart, space, name = tonumber(ARGV[1]), tonumber(ARGV[2]), ARGV[3], ARGV[4]
local fill, fill_digest, match, none = ARGV[5], ARGV[6], ARGV[7], ARGV[8]
local show, show_bytes, negative = ARGV[9] == '1', tonumber(ARGV[10]), ARGV[11] == '1'
local ttl_ms, stale_ms, error_ms = tonumber(ARGV[12]), tonumber(ARGV[13]), tonumber(ARGV[14])
local idle_ms, content_type, encoding, tags = tonumber(ARGV[15]), ARGV[16], ARGV[17], ARGV[18]
local fingerprint, memo_ttl_ms, payload = ARGV[19], tonumber(ARGV[20]), ARGV[21]

local function answer(outcome, version, replayed, verdict, present)
  return { outcome, version, replayed, verdict or MISS, present or '' }
end

local memo = memo_key and redis.call('GET', memo_key)
if memo then
  local known, outcome, version = string.match(memo, '^(%S+) (%d) (%d+)$')
  if known ~= fingerprint then return answer(5, 0, 0) end
  return answer(tonumber(outcome), tonumber(version), 1)
end

local clock = read_clock(clock_key, space, seed, on_restart)
local entry = read_entry(entry_key)
local state, logical, stale = judge(entry, clock, space, idle_ms)

local lease
if fill ~= '' then
  -- A filler whose answer was lost asks again: its value is in place, or was replaced since.
  local filled = entry and string.sub(entry.token, 1, #fill + 1) == fill .. ' '
  if filled and entry.token ~= fill .. ' ' .. fill_digest then return answer(5, 0, 0) end
  if filled then return answer(entry.was_created and 1 or 2, entry.version, 1) end
  lease = read_lease(lease_key, clock)
  local _, hard = marks_of(clock, space, split_tags(tags), math.huge)
  -- An entry that expired under the lease is no write that came between.
  local untouched = lease and (not entry or entry.version == lease.base)
  local is_holder = is_held(lease, fill)
  if not is_holder or not untouched or lease.clk < hard then -- @place fill-under-marks
    -- What was loaded is void, and so is the lease: the next reader loads anew.
    if is_holder then end_lease(lease_key, clock, space, name) end
    return answer(4, 0, 0)
  end
end

local visible = state == 1 or state == 2
local there = version_of(state, entry)
if not fits(there, match, none) then
  if not show or not visible then return answer(3, there, 0) end
  return answer(3, there, 0, describe(state, entry, logical, stale, show_bytes))
end

tick(clock)
local fresh_until = now_us + ttl_ms * 1000
-- What was loaded before a soft invalidation of its key is stale from the start.
if lease and lease.softened > 0 then fresh_until = math.min(fresh_until, lease.softened) end
write_entry(clock, entry_key, {
  kind = BYTES, negative = negative, was_created = not visible,
  version = clock.clk, epoch = clock.epoch,
  fence = lease and lease.clk or clock.clk, -- @place fence-of-a-fill
  created = now_us, touched = now_us,
  logical = fresh_until, stale = fresh_until + stale_ms * 1000, error = fresh_until + error_ms * 1000,
  opens = 0,
  load = lease and math.min(4294967295, math.max(1, ms(now_us - lease.granted))) or 0,
  size = #payload, token = fill ~= '' and fill .. ' ' .. fill_digest or '', type = content_type, encoding = encoding, tags = tags,
}, payload)
local is_awaited = redis.call('UNLINK', lease_key, values_key) > 0
local outcome = visible and 2 or 1
if memo_key then
  redis.call('SET', memo_key, table.concat({ fingerprint, outcome, digits(clock.clk) }, ' '), 'PX', memo_ttl_ms)
end
publish_key(clock, space, name, is_awaited)
return answer(outcome, clock.clk, 0)
