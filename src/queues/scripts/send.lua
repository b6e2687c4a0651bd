--[[
queues.send: add messages, all or none. A message whose dedup id was seen is not added again.

KEYS stat           hash    of the queue, see lib/queue.lua
KEYS record?        string  idempotency record: fingerprint and packed reply
ARGV settings       string  see lib/queue.lua
ARGV fingerprint    string  of the request, '' without an idempotency key
ARGV record_ttl_ms  int     how long the idempotency record is kept
ARGV messages[].priority  int     0 to 9
ARGV messages[].delay_ms  int     0 with a group
ARGV messages[].group     string  '' without one
ARGV messages[].dedup     string  digest of the dedup id, '' without one
ARGV messages[].body      string  bytes

RETURN outcome expired timed_out dead dropped ...
  1, expired, timed_out, dead, dropped, replayed, ready, (id, duplicate)[]
                   sent; expired to dropped: what making room found; ready: as counts.lua has it
  2, expired, timed_out, dead, dropped   over-capacity
  3, expired, timed_out, dead, dropped   over-bytes
  4, 0, 0, 0, 0    conflict: the idempotency key belongs to another request

COST O(messages x log(queue)); where the queue is full also O(16 + messages) for each priority
MEMORY grows
]]
-- @use lib/outgoing.lua
-- @use lib/places.lua
-- @use lib/room.lua
local queue, record_key = open(KEYS[1], ARGV[1]), KEYS[2]
local fingerprint, record_ttl_ms = ARGV[2], tonumber(ARGV[3])

local record = record_key and redis.call('GET', record_key)
if record then
  if string.sub(record, 1, #fingerprint) ~= fingerprint then return { 4, 0, 0, 0, 0 } end
  return { 1, 0, 0, 0, 0, 1, unpack(cmsgpack.unpack(string.sub(record, #fingerprint + 1))) }
end

local messages, bytes = {}, 0
for at = 4, #ARGV, 5 do
  messages[#messages + 1] = { priority = tonumber(ARGV[at]), delay_ms = tonumber(ARGV[at + 1]), group = ARGV[at + 2],
    dedup = ARGV[at + 3] ~= '' and ARGV[at + 3] or nil, body = ARGV[at + 4] }
end
local stat = redis.call('HMGET', queue.stat, 'id', 'floor', 'bytes')
local last, floor, stored = tonumber(stat[1] or 0), tonumber(stat[2] or 0), tonumber(stat[3] or 0)
local new = find_new(queue, messages, floor)
for _, sent in ipairs(new) do bytes = bytes + #sent.body end

local refusal = refuse_full(queue, #new, stored + bytes)
if refusal then
  make_room(queue, 16 + #new)
  refusal = refuse_full(queue, #new, stored + bytes)
end
local expired, timed_out, dead, dropped = met(queue)
if refusal then
  save(queue)
  return { refusal, expired, timed_out, dead, dropped }
end

for _, sent in ipairs(new) do
  -- At least the clock, so that no id repeats after the key was lost.
  last = math.max(last + 1, now_ms * 128)
  sent.id = string.format('%.0f', last)
  add_message(queue, sent.id, sent)
end
if #new > 0 then redis.call('HSET', queue.stat, 'id', string.format('%.0f', last)) end
count(queue, 'sent', #new)
count(queue, 'duplicates', #messages - #new)
save(queue)

local reply = { count_of(queue, 'ready') }
for _, sent in ipairs(messages) do
  reply[#reply + 1] = tonumber(sent.id or sent.first_id or sent.first.id)
  reply[#reply + 1] = sent.id and 0 or 1
end
if record_key then redis.call('SET', record_key, fingerprint .. cmsgpack.pack(reply), 'PX', record_ttl_ms) end
return { 1, expired, timed_out, dead, dropped, 0, unpack(reply) }
