--[[
cache.patch: set, remove and increment fields of an object in one step, or change nothing.

KEYS clock           zset    clk, epoch, run and marks of the partition
KEYS entry           string  see lib/entry.lua
KEYS lease           string  a load under way may not fill the key any more
KEYS values          hash    see lib/values.lua
KEYS memo?           string  fingerprint, outcome, version and sums of the request with this key
ARGV seed            int     epoch of a new clock
ARGV on_restart      int     0 keep, 1 soft, 2 flush
ARGV space           string
ARGV name            string  the key, for whoever listens
ARGV ttl_ms          int     new life of the object, 0 to keep the one it has
ARGV first_ttl_ms    int     life of an object that begins
ARGV idle_ms         int     longest time without use, 0 for none
ARGV max_bytes       int     of names and values together
ARGV max_fields      int
ARGV match           string  versions of which one must be there, see lib/condition.lua
ARGV none            string  versions that must not be there
ARGV fingerprint     string  of the request, '' without an idempotency key
ARGV memo_ttl_ms     int     how long the memo is kept
ARGV change[].verb   string  set, remove or incr
ARGV change[].field  string  every field once
ARGV change[].value  string  of a set; the int64 to add of an incr; '' of a remove

RETURN outcome version replayed sums...
  1 created: the object began; the increments in the order asked
  2 patched: it was there; the same
  3 kind-mismatch: the key holds another kind, whose number stands as version
  4 conflict: the idempotency key belongs to another request
  5 miss: nothing is there, and there is nothing to begin with
  6 overflow: a sum would leave 64 bits; the name of the field follows
  7 not-an-integer: a field to increment is none; its name follows
  8 too-large: more bytes than may be
  9 too-many-fields
  10 precondition-failed; version of what is there, 0 for nothing
  Of 3 to 10 nothing is applied.

COST O(changes)
MEMORY grows
]]
-- @use lib/partition.lua
-- @use lib/values.lua
-- @use lib/verdict.lua
local clock_key, entry_key, lease_key, values_key, memo_key = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5]
local seed, on_restart, space, name = tonumber(ARGV[1]), tonumber(ARGV[2]), ARGV[3], ARGV[4]
local ttl_ms, first_ttl_ms, idle_ms = tonumber(ARGV[5]), tonumber(ARGV[6]), tonumber(ARGV[7])
local max_bytes, max_fields = tonumber(ARGV[8]), tonumber(ARGV[9])
local match, none, fingerprint, memo_ttl_ms = ARGV[10], ARGV[11], ARGV[12], tonumber(ARGV[13])
local FIRST_CHANGE = 14

local memo = memo_key and redis.call('GET', memo_key)
if memo then
  local known, outcome, version, sums = string.match(memo, '^(%S+) (%d) (%d+)(.*)$')
  if known ~= fingerprint then return { 4, 0, 0 } end
  local answer = { tonumber(outcome), tonumber(version), 1 }
  for sum in string.gmatch(sums, '%S+') do answer[#answer + 1] = sum end
  return answer
end

local clock = read_clock(clock_key, space, seed, on_restart)
local entry = read_entry(entry_key)
local state = judge(entry, clock, space, idle_ms)
local there, other_kind, other_version = look_up(state, entry, OBJECT, match, none)
if other_kind then return { 3, other_kind, 0 } end
if other_version then return { 10, other_version, 0 } end

local begins = false
for i = FIRST_CHANGE, #ARGV, 3 do begins = begins or ARGV[i] ~= 'remove' end
if not there and not begins then return { 5, 0, 0 } end
if not there then
  redis.call('UNLINK', values_key)
  entry = new_values(OBJECT, clock, first_ttl_ms)
end

-- Bytes of a field and its name, 0 where there is none; fields by which the object grows.
local function bytes_of(field, value) return value and #field + #value or 0 end

local sums, undo, fields = {}, {}, 0
local size = entry.size
local function give_up(outcome, field)
  for _, change in ipairs(undo) do
    if change.value then redis.call('HSET', values_key, change.field, change.value)
    else redis.call('HDEL', values_key, change.field) end
  end
  return { outcome, 0, 0, field }
end

for i = FIRST_CHANGE, #ARGV, 3 do
  local verb, field, value = ARGV[i], ARGV[i + 1], ARGV[i + 2]
  local before = redis.call('HGET', values_key, field)
  local after, why = value, nil
  if verb == 'incr' then after, why = increment(values_key, field, value)
  elseif verb == 'remove' then redis.call('HDEL', values_key, field); after = false
  else redis.call('HSET', values_key, field, value) end
  if why then return give_up(why == 'overflow' and 6 or 7, field) end
  undo[#undo + 1] = { field = field, value = before }
  if verb == 'incr' then sums[#sums + 1] = after end
  size = size + bytes_of(field, after) - bytes_of(field, before)
end
if size > max_bytes and size > entry.size then return give_up(8) end
if redis.call('HLEN', values_key) - redis.call('HEXISTS', values_key, '') > max_fields then return give_up(9) end

tick(clock)
entry.size = size
if there and ttl_ms > 0 then
  entry.logical = now_us + ttl_ms * 1000
  entry.stale, entry.error = entry.logical, entry.logical
end
save_values(entry_key, values_key, entry, clock)
local is_awaited = redis.call('UNLINK', lease_key) > 0
local outcome = there and 2 or 1
if memo_key then
  redis.call('SET', memo_key, table.concat({ fingerprint, outcome, digits(clock.clk), unpack(sums) }, ' '),
    'PX', memo_ttl_ms)
end
publish_key(clock, space, name, is_awaited)
return { outcome, clock.clk, 0, unpack(sums) }
