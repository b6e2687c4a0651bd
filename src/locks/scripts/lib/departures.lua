-- How waiters leave their queues, and what is kept of them.

-- @use carried.lua
-- @use lock.lua
-- @use requests.lua

-- HDEL first: a script that stops in between leaves a place without a waiter, which `head_of` clears.
-- A waiter without a place would stay unnoticed.
local function leave_queue(lock, token)
  redis.call('HDEL', part(lock, 'waiters'), token)
  redis.call('ZREM', part(lock, 'waits'), token)
  local left = lock.queued - redis.call('ZREM', part(lock, 'queue'), token)
  -- A waiter that was enqueued half way was not counted.
  lock.queued = left > 0 and left or redis.call('ZCARD', part(lock, 'queue'))
  lock.dirty = true
  if lock.queued == 0 then redis.call('ZREM', lock.call.prefix .. 'queued', lock.name) end
end

local function leave_queues(locks, token, waiter)
  for _, lock in ipairs(locks) do
    leave_queue(lock, token)
    if waiter.session then leave_session(lock.call, waiter.session, token, lock.name) end
  end
end

-- Removes a waiter with its idempotency record, so that a repeat of its request starts again.
local function dismiss(locks, token, waiter)
  leave_queues(locks, token, waiter)
  forget_request(locks[1].call, waiter)
end

-- Removes a waiter whose client is gone; with a key its place is kept for the repeat.
local function set_aside(locks, token, waiter)
  leave_queues(locks, token, waiter)
  keep_place(locks[1].call, token, waiter)
end

-- Whether the waiter of a set is in some of its queues only, see recount: it would never be served,
-- and block those behind it. If its request still waits, the heartbeat restores it.
local function is_torn(locks, token, waiter)
  for _, lock in ipairs(waiter.names and locks or {}) do
    if redis.call('HEXISTS', part(lock, 'waiters'), token) == 0 then return true end
  end
end
