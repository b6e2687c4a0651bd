-- The queue of a lock: strictly first come, first served within a priority. Nothing overtakes, so
-- neither writers nor heavy permits starve. Places whose time is over stand there until they come to
-- the head, as their instances died; `waits` knows them by then, and nobody counts them.

-- @use notices.lua
-- @use waiters.lua

-- How many wait whose time is not over.
local function queue_length(lock)
  -- Saves work: most locks have no queue.
  if lock.queued == 0 then return 0 end
  return lock.queued - redis.call('ZCOUNT', part(lock, 'waits'), '-inf', now_us)
end

-- From the clock, and the same in all queues of a set: a waiter that is put back after its lock was
-- idle still stands before those who came later, and two sets never stand in opposite orders.
local function draw_ticket(locks)
  local ticket = math.floor(now_us / 1000)
  for _, lock in ipairs(locks) do ticket = math.max(ticket, lock.ticket + 1) end
  return ticket
end

-- Whether somebody stands before a request that comes now: all of its priority or of a higher one.
local function is_behind(lock, request)
  if lock.queued == 0 then return false end
  local head = redis.call('ZRANGE', part(lock, 'queue'), 0, 0, 'WITHSCORES')
  return tonumber(head[2] or 0) < band_of(request) + 17592186044416
end

local function enqueue(lock, token, waiter)
  lock.ticket = math.max(lock.ticket, waiter.ticket)
  local score = band_of(waiter) + waiter.ticket
  lock.queued = lock.queued + redis.call('ZADD', part(lock, 'queue'), score, token)
  write_waiter(lock, token, waiter)
  emit(lock, 'queued', waiter)
end

local function wait_in_line(locks, token, request, wait_ms)
  request.attach, request.at, request.wait_until = 1, now_us, now_us + wait_ms * 1000
  request.ticket = draw_ticket(locks)
  if #locks > 1 then
    request.names = {}
    for i, lock in ipairs(locks) do request.names[i] = lock.name end
  end
  for _, lock in ipairs(locks) do enqueue(lock, token, request) end
end

-- Who stands first; nil when nobody does. A place without a waiter was left by a script that stopped
-- half way (see recount), and is cleared away: 64 at most, and the rest at once by the next sweep.
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
