--[[
queues.counts: how many messages a queue has in each state, and what became of the others.

KEYS stat           hash    of the queue, see lib/queue.lua
ARGV settings       string  see lib/queue.lua
ARGV totals[]       string  fields of stat

RETURN ready delayed leased blocked dead oldest_ms total[]
  oldest_ms   since the oldest of those that are delivered next was first ready; -1 without one. In one
              priority a message that was delayed comes before a younger one that has been ready for longer,
              so 16 of each are read.
  total       -1 for all of them: there is no such queue

COST O(log(queue))
]]
-- @use lib/places.lua
local queue, totals = open(KEYS[1], ARGV[1]), { unpack(ARGV, 2) }

local reply = {}
for at, state in ipairs({ 'ready', 'delayed', 'leased', 'blocked', 'dead' }) do reply[at] = count_of(queue, state) end

local oldest_ms = -1
local function compare(part, from, to)
  local ids = redis.call('ZRANGEBYSCORE', queue[part], from, to, 'LIMIT', 0, 16)
  for _, packed in ipairs(#ids > 0 and redis.call('HMGET', queue.msg, unpack(ids)) or {}) do
    local m = parse_message(packed)
    oldest_ms = math.max(oldest_ms, now_ms - m.sent_ms - m.wait_ms, 0)
  end
end
local now = string.format('%.0f', now_us)
compare('delayed', '-inf', now)
compare('leased', '-inf', now)
for class = 0, 9 do compare('ready', class_range(class)) end
reply[6] = oldest_ms

local exists = redis.call('HEXISTS', queue.stat, 'sent') == 1
for at, total in ipairs(redis.call('HMGET', queue.stat, unpack(totals))) do
  reply[at + 6] = exists and tonumber(total or 0) or -1
end
return reply
