-- The queue of a lock: strictly first come, first served within a priority. Nothing overtakes, so
-- neither writers nor heavy permits starve.

-- @use ends.lua

local function read_waiter(lock, token)
  local packed = redis.call('HGET', part(lock, 'waiters'), token)
  return packed and cmsgpack.unpack(packed) or nil
end

local function write_waiter(lock, token, waiter)
  local keep_ms = KEEP_MS + 240000
  redis.call('HSET', part(lock, 'waiters'), token, cmsgpack.pack(waiter))
  redis.call('PEXPIRE', part(lock, 'waiters'), keep_ms)
  redis.call('PEXPIRE', part(lock, 'queue'), keep_ms)
  lock.keep_ms, lock.dirty = math.max(lock.keep_ms, 240000), true
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
  if waiter.session then join_session(lock.call, waiter.session, token, lock.name) end
  emit(lock, 'queued', waiter)
end

-- Who stands first; nil when nobody does. A place without a waiter was left by a script that stopped
-- half way (see recount), and is cleared away.
local function head_of(lock)
  while lock.queued > 0 do
    local token = redis.call('ZRANGE', part(lock, 'queue'), 0, 0)[1]
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
  local left = lock.queued - redis.call('ZREM', part(lock, 'queue'), token)
  -- Whoever got into line half way was not counted.
  lock.queued = left > 0 and left or redis.call('ZCARD', part(lock, 'queue'))
  lock.dirty = true
end

-- A waiter without a lease is forgotten whole, so that a repeat of its request begins anew.
local function dismiss(locks, token, waiter)
  for _, lock in ipairs(locks) do
    leave_queue(lock, token)
    if waiter.session then leave_session(lock.call, waiter.session, token, lock.name) end
  end
  if waiter.memo then redis.call('DEL', locks[1].call.prefix .. 'memo:' .. waiter.memo) end
end

-- Whether a set stands in some of its queues only, see recount: it would never be served, nor let
-- anybody pass. Whoever still waits for it is put back.
local function is_torn(locks, token, waiter)
  for _, lock in ipairs(waiter.names and locks or {}) do
    if redis.call('HEXISTS', part(lock, 'waiters'), token) == 0 then return true end
  end
end

local function is_gone(call, waiter)
  if waiter.session and is_over(call, waiter.session) then return true end
  if waiter.kept then return is_past(call, waiter.kept) end
  return redis.call('ZSCORE', call.prefix .. 'suspects', waiter.instance) and true
end

-- When the place of a waiter is given away although nothing else happens, 0 for never.
local function gone_at(call, waiter)
  local session = waiter.session and session_until(call, waiter.session)
  return math.min(waiter.kept or session or 0, session or waiter.kept or 0)
end
