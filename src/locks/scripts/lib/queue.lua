-- The queue of a lock: strictly first come, first served within a priority. Nothing overtakes, so
-- neither writers nor heavy permits starve. The place of a dead instance stays until it is at the
-- head; once its time is over, `waits` says so and it does not count.

-- @use notices.lua
-- @use waiters.lua

-- Waiters whose time is not over.
local function queue_length(lock)
  -- Saves work: most locks have no queue.
  if lock.queued == 0 then return 0 end
  return lock.queued - redis.call('ZCOUNT', part(lock, 'waits'), '-inf', now_us)
end

-- From the clock, so that a waiter that is restored after its lock was idle still comes before later
-- ones; the same in all queues of a set, so that two sets never wait in opposite orders.
local function draw_ticket(locks)
  local ticket = math.floor(now_us / 1000)
  for _, lock in ipairs(locks) do ticket = math.max(ticket, lock.ticket + 1) end
  return ticket
end

-- Whether a waiter comes before a new request: all of its priority or a higher one do.
local function is_behind(lock, request)
  if lock.queued == 0 then return false end
  local head = redis.call('ZRANGE', part(lock, 'queue'), 0, 0, 'WITHSCORES')
  return tonumber(head[2] or 0) < band_of(request) + BAND
end

local function enqueue(lock, token, waiter)
  lock.ticket = math.max(lock.ticket, waiter.ticket)
  local score = band_of(waiter) + waiter.ticket
  lock.queued = lock.queued + redis.call('ZADD', part(lock, 'queue'), score, token)
  write_waiter(lock, token, waiter)
  emit(lock, 'queued', waiter)
end

-- @param waited_ms since the waiter was first queued
local function enqueue_all(locks, token, waiter, waited_ms, wait_ms)
  waiter.at, waiter.wait_until = now_us - waited_ms * 1000, now_us + wait_ms * 1000
  if #locks > 1 then
    waiter.names = {}
    for i, lock in ipairs(locks) do waiter.names[i] = lock.name end
  end
  for _, lock in ipairs(locks) do enqueue(lock, token, waiter) end
end

-- The first waiter and its token, or nil. A place without a waiter was left by a script that stopped
-- half way (see recount). It is cleared: 64 at most, and the others by the next sweep, at once.
local function head_of(lock)
  local steps = 0
  while lock.queued > 0 do
    steps = steps + 1
    if steps > 64 then lock.again = true break end
    local token = redis.call('ZRANGE', part(lock, 'queue'), 0, 0)[1] -- @place head-of-the-line
    local waiter = token and read_waiter(lock, token)
    if waiter then return token, waiter end
    if token then redis.call('ZREM', part(lock, 'queue'), token) end
    lock.queued, lock.dirty = redis.call('ZCARD', part(lock, 'queue')), true
  end
end
