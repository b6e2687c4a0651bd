-- The queue of a lock: strictly first come, first served within a priority. Nothing overtakes, so
-- neither writers nor heavy permits starve.

-- How long a grant to a waiter waits to be claimed by its instance.
local CLAIM_US = 2000000

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

local function locks_of(lock, waiter)
  if not waiter.names then return { lock } end
  local locks = {}
  for i, name in ipairs(waiter.names) do locks[i] = open_lock(lock.call, name) end
  return locks
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

local function fits(lock, request)
  return lock.cool <= now_us and lock.used + weight_of(request) <= lock.capacity
end

-- The lease that a waiter joins instead of taking one of its own. A writer never joins a reader's.
local function find_joinable(lock, request)
  local held = request.reentrant and find_owned(lock, request)
  if held and (held.mode ~= 'shared' or request.mode == 'shared') then return held end
end

-- A lease with all its terms. A grant to a waiter begins when its instance claims it.
local function grant(lock, token, lease, provisional)
  lease.fence = next_fence(lock.call)
  lease.since = now_us
  if provisional then lease.claim_by = lease.kept or now_us + CLAIM_US
  else start_lease(lease) end
  lock.kind = lease.permits and 'semaphore' or 'lock'
  add_lease(lock, token, lease)
  emit(lock, 'granted', lease)
end

local function grant_waiter(locks, token, waiter)
  for _, lock in ipairs(locks) do leave_queue(lock, token) end
  waiter.waited_us = now_us - waiter.at
  for _, lock in ipairs(locks) do
    local lease = {}
    for field, value in pairs(waiter) do lease[field] = value end
    local held = find_joinable(lock, lease)
    if held then
      lease.fence, lease.since, lease.claim_by = held.fence, now_us, lease.kept or now_us + CLAIM_US
      lease.mode, lease.permits = held.mode, held.permits
      add_lease(lock, token, lease, true)
    else grant(lock, token, lease, true) end
  end
  if not waiter.kept then redis.call('PUBLISH', 'ls:grants:' .. waiter.instance, token) end
end

-- Whether a waiter stands first here and fits; what is over here is ended first.
local function is_ready(lock, token, waiter, work)
  if reap(lock) then work[#work + 1] = lock end
  if redis.call('ZRANGE', part(lock, 'queue'), 0, 0)[1] ~= token then return false end
  return fits(lock, waiter) or find_joinable(lock, waiter) ~= nil
end

local function all_ready(locks, token, waiter, work)
  for _, lock in ipairs(locks) do
    if not is_ready(lock, token, waiter, work) then return false end
  end
  return true
end

-- Ends what is over, then grants from the head while the head fits: 64 waiters at most, and the
-- rest at once by the next sweep. A set that moves lets the queues of its other names move too.
local function advance(lock)
  reap(lock)
  local work, steps = { lock }, 0
  while #work > 0 do
    local at = table.remove(work)
    while at.queued > 0 do
      steps = steps + 1
      if steps > 64 then at.again = true break end
      local token = redis.call('ZRANGE', part(at, 'queue'), 0, 0)[1]
      local waiter = token and read_waiter(at, token)
      if not waiter then
        at.queued, at.dirty = 0, true
        break
      end
      local locks = locks_of(at, waiter)
      if is_gone(at.call, waiter) then dismiss(locks, token, waiter)
      elseif all_ready(locks, token, waiter, work) then grant_waiter(locks, token, waiter)
      else
        -- Those behind a client that stays away move up when its place is given away.
        at.head_gone = waiter.kept or (waiter.session and session_until(at.call, waiter.session))
        break
      end
      for _, other in ipairs(locks) do
        if other ~= at then work[#work + 1] = other end
      end
    end
  end
end
