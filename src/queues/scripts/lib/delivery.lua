-- @use ends.lua

-- The first ready messages whose retention is not over: at most `limit`, and no second one beyond
-- `most_bytes`. At most limit + 16 are deleted for it.
-- @return ids and messages
local function first_ready(queue, limit, most_bytes)
  local ids, messages, deleted, bytes = nil, nil, 0, 0
  repeat
    local first = redis.call('ZRANGE', queue.ready, 0, limit - 1)
    ids, messages = expire_ready(queue, first)
    deleted = deleted + #first - #ids
    -- The next one of a group may come before the others that were read.
  until #ids == #first or deleted >= limit + 16
  for at, m in ipairs(messages) do
    bytes = bytes + m.size
    if at > 1 and bytes > most_bytes then return { unpack(ids, 1, at - 1) }, messages end
  end
  return ids, messages
end

local function deliver(queue, id, m, nonce, visibility_ms)
  m.deliveries, m.nonce, m.began_us = m.deliveries + 1, nonce, now_us
  redis.call('ZREM', queue.ready, id)
  put(queue, 'ZADD', 'leased', string.format('%.0f', now_us + visibility_ms * 1000), id)
  write_message(queue, id, m)
end

-- @param left_ms of its visibility
local function append_delivery(reply, queue, id, m, left_ms)
  local fields = { tonumber(id), m.nonce, m.priority, m.deliveries, m.failures, m.sent_ms, left_ms, m.group or '',
    redis.call('HGET', queue.body, id) }
  for _, field in ipairs(fields) do reply[#reply + 1] = field end
end

-- @return ms until a message is ready: 0 when one is, -1 when none is delayed or leased
local function next_ready_ms(queue)
  if redis.call('EXISTS', queue.ready) == 1 then return 0 end
  local first
  for _, part in ipairs({ 'delayed', 'leased' }) do
    local due = tonumber(redis.call('ZRANGE', queue[part], 0, 0, 'WITHSCORES')[2])
    if due then first = math.min(first or due, due) end
  end
  return first and math.max(0, math.ceil((first - now_us) / 1000)) or -1
end
