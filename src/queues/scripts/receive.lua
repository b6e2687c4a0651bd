--[[
queues.receive: deliver the first ready messages, each under a receipt and for a limited time.

KEYS stat           hash    of the queue, see lib/queue.lua
KEYS record?        string  idempotency record: fingerprint, packed ids and nonces
ARGV settings       string  see lib/queue.lua
ARGV limit          int     messages at most; 0: only a repeat gets some
ARGV visibility_ms  int     how long they are leased
ARGV most_bytes     int     of bodies; the first message may be larger
ARGV nonces         string  8 random characters for every message
ARGV fingerprint    string  of the request, '' without an idempotency key
ARGV record_ttl_ms  int     how long the idempotency record is kept
ARGV instance       string  where the request waits if it gets nothing; '' if it does not wait
ARGV others         0 or 1  whether other requests wait there

RETURN outcome ...
  1, next_ms, replayed, expired, timed_out, dead, dropped, delivery[]
                received; next_ms: until a message is ready, 0 for now, -1 for none; then how many
                others ended meanwhile; delivery: see lib/delivery.lua
  2             conflict: the idempotency key belongs to another request

COST O((16 + limit) x log(queue)) for messages that become ready, and the same for deliveries
]]
-- @use lib/delivery.lua
-- @use lib/promote.lua
local queue, record_key = open(KEYS[1], ARGV[1]), KEYS[2]
local limit, visibility_ms, most_bytes, nonces = tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4]), ARGV[5]
local fingerprint, record_ttl_ms = ARGV[6], tonumber(ARGV[7])
local instance, others = ARGV[8], ARGV[9] == '1'

local record = record_key and redis.call('GET', record_key)
if record then
  if string.sub(record, 1, #fingerprint) ~= fingerprint then return { 2 } end
  local reply, first = { 1, 0, 1, 0, 0, 0, 0 }, cmsgpack.unpack(string.sub(record, #fingerprint + 1))
  for at = 1, #first, 2 do
    local id, m = first[at], read_message(queue, first[at])
    local due = m and m.nonce == first[at + 1] and tonumber(redis.call('ZSCORE', queue.leased, id))
    if due and due > now_us then append_delivery(reply, queue, id, m, math.floor((due - now_us) / 1000)) end
  end
  return reply
end
if limit == 0 then return { 1, -1, 0, 0, 0, 0, 0 } end

promote(queue, 16 + limit)
expire_dead(queue, 16)
local ids, messages = first_ready(queue, limit, most_bytes)
local reply, delivered = { 1, 0, 0, 0, 0, 0, 0 }, {}
for at, id in ipairs(ids) do
  deliver(queue, id, messages[at], string.sub(nonces, at * 8 - 7, at * 8), visibility_ms)
  append_delivery(reply, queue, id, messages[at], visibility_ms)
  delivered[at * 2 - 1], delivered[at * 2] = id, messages[at].nonce
end
if #ids > 0 then
  count(queue, 'delivered', #ids)
  outlive(queue, visibility_ms)
  if record_key then redis.call('SET', record_key, fingerprint .. cmsgpack.pack(delivered), 'PX', record_ttl_ms) end
end
-- What it leaves of those that it made ready is passed on to one instance, which asks for more.
queue.readied = 0
save(queue)
after_attempt(queue.waiting, instance, others, #ids, redis.call('ZCARD', queue.ready))
if #ids < limit or instance ~= '' then reply[2] = next_ready_ms(queue) end
reply[4], reply[5], reply[6], reply[7] = met(queue)
return reply
