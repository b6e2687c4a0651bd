--[[
queues.settle: acknowledge, reject, release or extend deliveries, each by its receipt.

KEYS stat           hash    of the queue, see lib/queue.lua
ARGV settings       string  see lib/queue.lua
ARGV most_ms        int     how long a delivery may last, with its extensions
ARGV actions[]      string  "kind id nonce ms random error": kind ack, nack, dead (a nack that ends
                            retries), release or extend; ms the visibility of extend or the wait
                            of nack, -1 for a random one; random 0 to 2^32 - 1

RETURN dropped status[]
  dropped   dead letters beyond the capacity
  status    acked 1, retrying 2, dead 3, extended 4, released 5; stale 6: delivered again since, or
            dead, or, except for ack, late; gone 7: no such message

COST O(actions x log(queue))
]]
-- @use ../../redis/scripts/lib/statuses.lua
-- @use lib/settlements.lua
local queue, most_ms = open(KEYS[1], ARGV[1]), tonumber(ARGV[2])

local function settle(action)
  local m = read_message(queue, action.id)
  if not m then return GONE end
  if m.nonce ~= action.nonce then return STALE end -- @place receipt-check
  if action.kind == 'ack' then return acknowledge(queue, action.id, m) end
  local due = tonumber(redis.call('ZSCORE', queue.leased, action.id))
  if not due or due <= now_us then return STALE end
  if action.kind == 'extend' then return extend(queue, action.id, m, action, most_ms) end
  if action.kind == 'release' then return release(queue, action.id, m) end
  return reject(queue, action.id, m, action)
end

begin_freeing(queue)
local reply = { 0 }
for at = 3, #ARGV do
  local kind, id, nonce, ms, random, error = string.match(ARGV[at], '^(%l+) (%d+) (%S+) (%S+) (%d+) (.*)$')
  reply[#reply + 1] = settle({ kind = kind, id = id, nonce = nonce, ms = tonumber(ms), random = tonumber(random), error = error })
end
save(queue)
reply[1] = select(4, met(queue))
return reply
