--[[
streams.receive: deliver entries to a group, each under a receipt and for a limited time: first what is
ready again, then new ones.

KEYS meta           hash    of the stream, see lib/stream.lua
KEYS record?        string  idempotency record: fingerprint, packed ids and nonces
ARGV settings       string  see lib/stream.lua
ARGV group          string
ARGV limit          int     entries at most
ARGV visibility_ms  int     how long they are leased; 0: as the group says
ARGV most_bytes     int     of entries; the first one may be larger
ARGV nonces         string  8 random characters for every entry
ARGV fingerprint    string  of the request, '' without an idempotency key
ARGV record_ttl_ms  int     how long the idempotency record is kept
ARGV instance       string  where the request waits if it gets nothing; '' if it does not wait
ARGV others         0 or 1  whether other requests wait there

RETURN outcome ...
  1, next_ms, replayed, timed_out, dead, trimmed, dropped, delivery[]
                received; next_ms: until an entry is ready, 0 for now, -1 for none; then how many others
                ended meanwhile; delivery: id, secret, deliveries, failures, left_ms, entry
  2             conflict: the idempotency key belongs to another request
  3             no-group

COST O((16 + limit) x log(pending)) for entries that are ready again, and O(limit) for new ones
]]
-- @use ../../redis/scripts/lib/wake.lua
-- @use lib/handout.lua
-- @use lib/group.lua
-- @use lib/record.lua
local stream, record_key, name, limit = open(KEYS[1], ARGV[1]), KEYS[2], ARGV[2], tonumber(ARGV[3])
local visibility_ms, most_bytes, nonces = tonumber(ARGV[4]), tonumber(ARGV[5]), ARGV[6]
local fingerprint, record_ttl_ms, instance, others = ARGV[7], tonumber(ARGV[8]), ARGV[9], ARGV[10] == '1'

local group = open_group(stream, name)
if not group then return { 3 } end
local first = replay_of(record_key, fingerprint, { 2 })
if first then return first[1] == 2 and first or still_leased(group, stream, first) end

begin_freeing(group)
local before = { group.trimmed, group.dropped, group.deaths }
skip_trimmed(stream, group)
local call = new_call(limit, most_bytes, nonces, visibility_ms > 0 and visibility_ms or group.visibility_ms)
local due_left = hand_out_due(call, stream, group)
local new_left = due_left == 0 and hand_out_new(call, stream, group) or 0
save_group(stream, group)
if call.taken > 0 then record_reply(record_key, fingerprint, call.record, record_ttl_ms) end
local left = due_left + new_left
after_attempt(group.waiting, instance, others, call.taken, left)

local reply = { 1, left > 0 and 0 or next_due_ms(group), 0, call.timed_out, group.deaths - before[3],
  group.trimmed - before[1], group.dropped - before[2] }
for _, field in ipairs(call.fields) do reply[#reply + 1] = field end
return reply
