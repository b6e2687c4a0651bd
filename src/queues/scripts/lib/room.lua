-- @use promote.lua

-- Deletes messages whose time is over, of every priority at most that many.
local function make_room(queue, most)
  promote(queue, most)
  expire_dead(queue, most)
  for class = 0, 9 do
    local from, to = class_range(class)
    expire_ready(queue, redis.call('ZRANGEBYSCORE', queue.ready, from, to, 'LIMIT', 0, most))
  end
end

-- @param bytes with those that were stored when the call began
-- @return the outcome that refuses so many more messages
local function refuse_full(queue, messages, bytes)
  if messages == 0 then return end
  local live = redis.call('HLEN', queue.msg) - redis.call('ZCARD', queue.dead)
  if live + messages > queue.capacity then return 2 end
  if bytes + (queue.changes.bytes or 0) > queue.max_bytes then return 3 end
end
