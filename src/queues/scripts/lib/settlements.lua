-- What a receipt does to its message. Each returns a status.

-- @use ../../../redis/scripts/lib/statuses.lua
-- @use ends.lua

local function acknowledge(queue, id, m)
  -- After its visibility it is ready again, or behind a message of its group that was redriven.
  if redis.call('ZREM', queue.leased, id) == 0 then redis.call('ZREM', queue.ready, id) end
  delete_message(queue, id, m)
  count(queue, 'acked', 1)
  return ACKED
end

-- A random wait, which doubles with every failure.
local function backoff_ms(queue, m, random)
  local longest_ms = math.min(queue.max_ms, queue.base_ms * 2 ^ (m.failures - 1))
  return math.floor(longest_ms * random / 4294967296) + 1
end

local function reject(queue, id, m, action)
  redis.call('ZREM', queue.leased, id)
  local is_dead = fail(queue, m) or action.kind == 'dead'
  replace_error(queue, m, action.error)
  m.nonce = nil
  if is_dead then bury(queue, id, m) return DEAD end
  local wait_ms = action.ms < 0 and backoff_ms(queue, m, action.random) or action.ms
  write_message(queue, id, m)
  if wait_ms == 0 then
    add_ready(queue, id, m)
  else
    add_delayed(queue, id, wait_ms)
  end
  count(queue, 'retried', 1)
  return RETRYING
end

local function release(queue, id, m)
  redis.call('ZREM', queue.leased, id)
  m.nonce = nil
  write_message(queue, id, m)
  add_ready(queue, id, m)
  count(queue, 'released', 1)
  return RELEASED
end

local function extend(queue, id, m, action, most_ms)
  local due = now_us + action.ms * 1000
  if due > m.began_us + most_ms * 1000 then return STALE end
  put(queue, 'ZADD', 'leased', 'GT', string.format('%.0f', due), id)
  outlive(queue, action.ms)
  return EXTENDED
end
