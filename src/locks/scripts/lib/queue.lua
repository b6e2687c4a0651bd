-- The queue of a lock: strictly first come, first served within a priority. Nothing overtakes, so
-- neither writers nor heavy permits starve.

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
  emit(lock, 'queued', waiter)
end

local function leave_queue(lock, token)
  lock.queued = lock.queued - redis.call('ZREM', part(lock, 'queue'), token)
  redis.call('HDEL', part(lock, 'waiters'), token)
  lock.dirty = true
end

-- A waiter without a lease is forgotten whole, so that a repeat of its request begins anew.
local function dismiss(locks, token, waiter)
  for _, lock in ipairs(locks) do leave_queue(lock, token) end
  if waiter.memo then redis.call('DEL', locks[1].call.prefix .. 'memo:' .. waiter.memo) end
end

local function is_gone(call, waiter)
  if waiter.kept then return is_past(call, waiter.kept) end
  if redis.call('ZSCORE', call.prefix .. 'suspects', waiter.instance) then return true end
  return waiter.session and session_until(call, waiter.session) == 0
end
