-- Wakes the instances where requests wait for something to take, instead of letting them poll.
--
-- `waiting` is a ZSET: instance -> when an attempt of it last found nothing left, in us. An instance
-- is removed when it is woken, and added again by its next attempt, so nothing is woken twice for
-- one message. Messages may be lost: each instance with waiters also asks once a second.

-- Three times as long as an instance takes to ask again.
local SEEN_MS = 3000
local MAX_WOKEN = 8

-- The instances that are alive; the one that was seen first is woken first.
local function waiting_instances(waiting, max)
  local since = string.format('(%.0f', now_us - SEEN_MS * 1000)
  return redis.call('ZRANGEBYSCORE', waiting, since, '+inf', 'LIMIT', 0, max)
end

local function publish_wake(waiting, instance, ready, next_ms)
  redis.call('PUBLISH', 'ls:wakes:' .. instance, ready .. ' ' .. next_ms .. ' ' .. waiting)
end

-- After a call that made `ready` things ready: shares them out among the instances.
local function wake(waiting, ready)
  local instances = waiting_instances(waiting, math.min(ready, MAX_WOKEN))
  for i, instance in ipairs(instances) do
    local share = math.floor(ready / #instances) + (i <= ready % #instances and 1 or 0)
    redis.call('ZREM', waiting, instance)
    publish_wake(waiting, instance, share, 0)
  end
end

-- After a call that made something become ready in `ms`, before all else: one instance sets a timer.
local function wake_in(waiting, ms)
  for _, instance in ipairs(waiting_instances(waiting, 1)) do publish_wake(waiting, instance, 0, ms) end
end

-- Ends an attempt. It wakes one more instance if it got something and left something, and registers
-- its own if its request waits on, or if others there wait for what it did not leave.
-- @param instance '' if its request does not wait
-- @param others whether other requests wait at the instance
local function after_attempt(waiting, instance, others, got, left)
  if got > 0 and left > 0 then wake(waiting, 1)
  elseif instance ~= '' and (got == 0 or others) then
    -- First, because a full Redis lets a script add only after its first freeing command.
    redis.call('ZREMRANGEBYSCORE', waiting, '-inf', now_us - SEEN_MS * 1000)
    redis.call('ZADD', waiting, now_us, instance)
    redis.call('PEXPIRE', waiting, SEEN_MS)
  end
end
