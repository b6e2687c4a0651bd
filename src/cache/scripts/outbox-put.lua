--[[
cache.outbox-put: store what the origin of the space has yet to get: a value, or that a key has none. The
entry is the record of it, so it is kept until it is delivered.

KEYS clock         zset    clk, epoch, run and marks of the partition
KEYS entry         string  see lib/entry.lua
KEYS lease         string  see lib/writes.lua; a load under way may not fill the key any more
KEYS values        hash    of a counter or an object that the value replaces
KEYS outbox        zset    see lib/outbox.lua
KEYS ages          zset    the same
KEYS pending       hash    the same
KEYS record?       string  see lib/record.lua
ARGV on_restart    string  keep, soft or flush, and the epoch of a new clock
ARGV space         string
ARGV name          string  the key, for its message
ARGV condition     string  see lib/condition.lua
ARGV idle_ms       int     longest time without use, 0 for none
ARGV negative      0 or 1  1: the key has no value
ARGV ttl_ms        int     once it is delivered, fresh for
ARGV stale_ms      int     then stale for
ARGV error_ms      int     or, once a load failed, for
ARGV type          string  content type
ARGV encoding      string  content encoding
ARGV tags          string  separated by line feeds
ARGV interval_ms   int     after which it is due
ARGV max_pending   int     keys of this outbox
ARGV max_bytes     int     of their entries; one alone may be larger
ARGV fingerprint   string  of the request, '' without an idempotency key
ARGV record_ttl_ms int     how long the idempotency record is kept
ARGV payload       string

RETURN outcome version replayed
  1 created
  2 replaced
  3 precondition-failed; version of the present value, 0 for none
  4 miss: there is nothing to compare the condition with
  5 conflict: the idempotency key was used for another request
  6 full: too much is pending
  Of 3 to 6 nothing changed.

COST O(log pending), and O(tags)
MEMORY grows
]]
-- @use lib/condition.lua
-- @use lib/outbox.lua
-- @use lib/partition.lua
-- @use lib/record.lua
-- @use lib/verdict.lua
-- @use lib/writes.lua
local clock_key, entry_key, lease_key, values_key = KEYS[1], KEYS[2], KEYS[3], KEYS[4]
local outbox, record_key = { outbox = KEYS[5], ages = KEYS[6], pending = KEYS[7] }, KEYS[8]
local on_restart, space, name = ARGV[1], ARGV[2], ARGV[3]
local condition, idle_ms, negative = ARGV[4], tonumber(ARGV[5]), ARGV[6] == '1'
local ttl_ms, stale_ms, error_ms = tonumber(ARGV[7]), tonumber(ARGV[8]), tonumber(ARGV[9])
local content_type, encoding, tags = ARGV[10], ARGV[11], ARGV[12]
local interval_ms, max_pending, max_bytes = tonumber(ARGV[13]), tonumber(ARGV[14]), tonumber(ARGV[15])
local fingerprint, record_ttl_ms, payload = ARGV[16], tonumber(ARGV[17]), ARGV[18]

local repeated = read_record(record_key, fingerprint, 5)
if repeated then return repeated end

local clock = read_clock(clock_key, space, on_restart)
local entry = read_entry(entry_key)
local state = judge(entry, clock, space, idle_ms)
local version = version_of(state, entry)
if condition ~= '' and state == 0 then return { 4, 0, 0 } end
if not fits(version, condition) then return { 3, version, 0 } end

local known = read_pending(outbox, name)
local bytes = #name + HEADER_BYTES + #content_type + #encoding + #tags + #payload
local others = redis.call('ZCARD', outbox.outbox) - (known and 1 or 0)
local added = bytes - (known and known.bytes or 0)
if others >= max_pending or (others > 0 and bytes_of(outbox) + added > max_bytes) then return { 6, 0, 0 } end

-- The clock may be lost while the entry is not; the origin takes only what is newer.
if entry and entry.pending then clock.clk = math.max(clock.clk, entry.version) end
tick(clock)
local logical = now_us + ttl_ms * 1000
write_entry(clock, entry_key, {
  kind = BYTES, negative = negative, was_created = false, pending = true, version = clock.clk,
  epoch = clock.epoch, fence = clock.clk, created = now_us, touched = now_us, logical = logical,
  stale = logical + stale_ms * 1000, error = logical + error_ms * 1000, opens = 0, load = 0,
  size = #payload, token = '', type = content_type, encoding = encoding, tags = tags,
}, payload)
redis.call('UNLINK', values_key)
local is_awaited = void_lease(lease_key)

-- A key that is written again and again is due as often as one that is written once.
local due = math.min(tonumber(redis.call('ZSCORE', outbox.outbox, name)) or math.huge, now_us + interval_ms * 1000)
local p = known or { rest = 0, claim = UNCLAIMED }
p.bytes, p.attempts, p.error = bytes, 0, ''
save_pending(outbox, name, p, digits(math.max(p.rest, due)))
redis.call('ZADD', outbox.ages, 'NX', digits(now_us), name)
add_bytes(outbox, added)
local outcome = version > 0 and 2 or 1
write_record(record_key, record_ttl_ms, fingerprint, outcome, digits(clock.clk))
publish_key(clock, space, name, is_awaited)
return { outcome, clock.clk, 0 }
