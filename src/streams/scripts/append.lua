--[[
streams.append: append entries, all or none, and drop the oldest ones beyond the bounds.
Each instance that watches the stream is notified, and instances where requests of groups wait are woken.

KEYS meta           hash    of the stream, see lib/stream.lua
KEYS record?        string  idempotency record: fingerprint and packed reply
ARGV settings       string  see lib/stream.lua
ARGV most_dropped   int     entries that one call drops
ARGV most_bytes     int     of them, more than it appends, see lib/trim.lua
ARGV fingerprint    string  of the request, '' without an idempotency key
ARGV record_ttl_ms  int     how long the idempotency record is kept
ARGV entries[]      string  bytes

RETURN outcome dropped ...
  1, dropped, replayed, id[]  appended
  2, dropped                  over-capacity
  3, dropped                  over-bytes
  4, 0                        conflict: the idempotency key belongs to another request

COST O(entries + most_dropped + groups)
MEMORY grows
]]
-- @use ../../redis/scripts/lib/wake.lua
-- @use ../../redis/scripts/lib/watchers.lua
-- @use lib/group.lua
-- @use lib/record.lua
-- @use lib/trim.lua
local stream, record_key = open(KEYS[1], ARGV[1]), KEYS[2]
local most_dropped, most_bytes = tonumber(ARGV[2]), tonumber(ARGV[3])
local fingerprint, record_ttl_ms = ARGV[4], tonumber(ARGV[5])

local replay = replay_of(record_key, fingerprint, { 4, 0 })
if replay then return replay end

local entries, bytes, dropped = #ARGV - 5, 0, 0
for at = 6, #ARGV do bytes = bytes + #ARGV[at] end
local call = { entries = entries, most = most_dropped, most_bytes = bytes + most_bytes }
if stream.refuses == 1 then
  dropped = trim(stream, call, math.huge, math.huge)
  local refusal = redis.call('XLEN', stream.log) + entries > stream.capacity and 2
    or stream.bytes + bytes > stream.max_bytes and 3
  if refusal then
    -- A refusal makes no stream.
    if dropped > 0 then save(stream) end
    return { refusal, dropped }
  end
end

local reply, last_ms = { 1, 0, 0 }, parse_id(stream.last)
-- At least the time of the last entry, so that ids grow when the clock steps back.
local ms = math.max(last_ms, now_ms)
for at = 6, #ARGV do
  stream.n = stream.n + 1
  stream.last = id_of(ms, stream.n)
  redis.call('XADD', stream.log, stream.last, 'e', ARGV[at])
  reply[#reply + 1] = stream.last
end
stream.exists, stream.bytes = true, stream.bytes + bytes
if stream.refuses == 0 then dropped = trim(stream, call, stream.capacity, stream.max_bytes) end
reply[2] = dropped
save(stream)
announce(stream.watchers, stream.meta)
for _, name in ipairs(redis.call('HKEYS', stream.groups)) do wake(group_of(stream, name).waiting, entries) end
record_reply(record_key, fingerprint, reply, record_ttl_ms)
return reply
