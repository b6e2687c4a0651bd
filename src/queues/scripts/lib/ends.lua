-- How messages end. Each takes a message that is in none of `ready`, `delayed`, `leased` and `dead`.

-- @use groups.lua

local function delete_message(queue, id, m)
  redis.call('HDEL', queue.msg, id)
  redis.call('HDEL', queue.body, id)
  count(queue, 'bytes', -m.size)
  leave_group(queue, id, m)
end

-- Deletes a message that nobody wants: sent again with its dedup id, it is new.
local function discard(queue, id)
  local m = read_message(queue, id)
  local key = m.dedup and dedup_key(queue, m.dedup)
  if key and redis.call('GET', key) == id then redis.call('UNLINK', key) end
  delete_message(queue, id, m)
  count(queue, 'discarded', 1)
end

-- Deletes the dead letters with these ids.
local function drop_dead(queue, ids, total)
  for _, id in ipairs(ids) do
    redis.call('ZREM', queue.dead, id)
    delete_message(queue, id, read_message(queue, id))
    count(queue, total, 1)
  end
end

-- Dead letters up to this time are over.
local function dead_cut(queue)
  return string.format('%.0f', now_us - queue.dead_retention_ms * 1000)
end

-- Deletes at most that many dead letters whose time is over.
local function expire_dead(queue, most)
  drop_dead(queue, redis.call('ZRANGEBYSCORE', queue.dead, '-inf', dead_cut(queue), 'LIMIT', 0, most), 'expired')
end

-- A lower deadCapacity is reached by several calls: each drops at most 16 for the one it adds.
local function bury(queue, id, m)
  m.nonce = nil
  write_message(queue, id, m)
  put(queue, 'ZADD', 'dead', string.format('%.0f', now_us), id)
  count(queue, 'dead', 1)
  leave_group(queue, id, m)
  local over = redis.call('ZCARD', queue.dead) - queue.dead_capacity
  if over > 0 then drop_dead(queue, redis.call('ZRANGE', queue.dead, 0, math.min(over, 16) - 1), 'dropped') end
end

-- @return true when it was one failure too many
local function fail(queue, m)
  m.failures = m.failures + 1
  m.first_failed_ms = m.first_failed_ms or now_ms
  m.last_failed_ms = now_ms
  return queue.max_failures > 0 and m.failures >= queue.max_failures
end

-- Deletes the messages among these ready ones whose retention is over.
-- @return the others, with their ids
local function expire_ready(queue, ids)
  local kept, messages = {}, {}
  if #ids == 0 then return kept, messages end
  for at, packed in ipairs(redis.call('HMGET', queue.msg, unpack(ids))) do
    local id, m = ids[at], parse_message(packed)
    if is_too_old(queue, m) then
      redis.call('ZREM', queue.ready, id)
      delete_message(queue, id, m)
      count(queue, 'expired', 1)
    else
      messages[#messages + 1] = m
      kept[#kept + 1] = id
    end
  end
  return kept, messages
end
