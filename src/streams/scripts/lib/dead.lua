-- Entries that failed too often. A letter is what the service reads: "died_ms deliveries failures length "
-- with the length of the error, the error, and the bytes of the entry.

-- @use delivery.lua

local MOST_DEAD, MOST_DEAD_BYTES = 1000, 8388608

local function is_dead(group, d)
  return group.max_failures > 0 and d.failures >= group.max_failures
end

-- Deletes the oldest one.
local function drop_dead(group, id)
  group.dead_bytes = group.dead_bytes - redis.call('HSTRLEN', group.letters, id)
  redis.call('HDEL', group.letters, id)
  redis.call('ZREM', group.dead, id)
end

-- Copies the entry of a delivery. The oldest letters beyond the bounds go.
local function bury(group, id, d, packed)
  forget_delivery(group, id)
  local error = d.error or ''
  local letter = string.format('%.0f %d %d %d ', now_us / 1000, d.deliveries, d.failures, #error) .. error .. packed
  drop_dead(group, id)
  group.deaths, group.dead_bytes, group.buried = group.deaths + 1, group.dead_bytes + #letter, group.buried + #packed
  redis.call('HSET', group.letters, id, letter)
  redis.call('ZADD', group.dead, group.deaths, id)
  while redis.call('ZCARD', group.dead) > MOST_DEAD or group.dead_bytes > MOST_DEAD_BYTES do
    drop_dead(group, redis.call('ZRANGE', group.dead, 0, 0)[1])
  end
end
