-- How waiters leave their queues, and what is kept of them.

-- @use carried.lua
-- @use lock.lua
-- @use requests.lua

-- HDEL first: a script that stops in between leaves a place without a waiter. A waiter without a
-- place would never be missed.
local function leave_queue(lock, token)
  redis.call('HDEL', part(lock, 'waiters'), token)
  redis.call('ZREM', part(lock, 'waits'), token)
  local left = lock.queued - redis.call('ZREM', part(lock, 'queue'), token)
  -- Whoever got into line half way was not counted.
  lock.queued = left > 0 and left or redis.call('ZCARD', part(lock, 'queue'))
  lock.dirty = true
end

local function leave_queues(locks, token, waiter)
  for _, lock in ipairs(locks) do
    leave_queue(lock, token)
    if waiter.session then leave_session(lock.call, waiter.session, token, lock.name) end
  end
end

-- A waiter without a lease is forgotten whole, so that a repeat of its request begins anew.
local function dismiss(locks, token, waiter)
  leave_queues(locks, token, waiter)
  forget_request(locks[1].call, waiter)
end

-- A waiter whose client is not there makes room; with a key its place is kept.
local function set_aside(locks, token, waiter)
  leave_queues(locks, token, waiter)
  keep_place(locks[1].call, token, waiter)
end

-- Whether a set stands in some of its queues only, see recount: it would never be served, nor let
-- anybody pass. Whoever still waits for it is put back.
local function is_torn(locks, token, waiter)
  for _, lock in ipairs(waiter.names and locks or {}) do
    if redis.call('HEXISTS', part(lock, 'waiters'), token) == 0 then return true end
  end
end
