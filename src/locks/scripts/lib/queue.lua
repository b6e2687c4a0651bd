-- The queue of a lock: strictly first come, first served within a priority. Nothing overtakes, so
-- neither writers nor heavy permits starve. Places whose time is over stand there until they come to
-- the head, as their instances died; `waits` knows them by then, and nobody counts them.

-- @use notices.lua
-- @use requests.lua

local function read_waiter(lock, token)
  local packed = redis.call('HGET', part(lock, 'waiters'), token)
  return packed and cmsgpack.unpack(packed) or nil
end

local function write_waiter(lock, token, waiter)
  local keep_ms = KEEP_MS + 240000
  redis.call('HSET', part(lock, 'waiters'), token, cmsgpack.pack(waiter))
  redis.call('PEXPIRE', part(lock, 'waiters'), keep_ms)
  redis.call('PEXPIRE', part(lock, 'queue'), keep_ms)
  redis.call('ZADD', part(lock, 'waits'), waiter.wait_until, token)
  redis.call('PEXPIRE', part(lock, 'waits'), keep_ms)
  if waiter.session then join_session(lock.call, waiter.session, token, lock.name, waiter.wait_until) end
  lock.keep_ms, lock.dirty = math.max(lock.keep_ms, 240000), true
end

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

local function band_of(waiter)
  return (10 - (waiter.priority or 0)) * 17592186044416
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

local function has_no_session(call, waiter)
  return waiter.session and is_over(call, waiter.session)
end

local function is_gone(call, waiter)
  return is_past(waiter.wait_until)
    or redis.call('ZSCORE', call.prefix .. 'suspects', waiter.instance)
end

-- When those behind a waiter move up although nothing else happens.
local function gone_at(call, waiter)
  return math.min(waiter.wait_until, waiter.session and read_session(call, waiter.session).ends or waiter.wait_until)
end
