-- Who is served next: from the head of a queue while the head fits, and no further.

-- @use queue.lua
-- @use ends.lua

-- How long a grant to a waiter waits to be claimed by its instance.
local CLAIM_US = 2000000

-- Tokens of one lock, those of a lease that was entered again included.
local MAX_HOLDERS = 10000

local function fits(lock, request)
  return lock.cool <= now_us and lock.count < MAX_HOLDERS and lock.used + weight_of(request) <= lock.capacity
end

-- The lease that a waiter joins instead of taking one of its own. A writer never joins a reader's.
local function find_joinable(lock, request)
  local held = request.reentrant and lock.count < MAX_HOLDERS and find_owned(lock, request)
  if held and (held.mode ~= 'shared' or request.mode == 'shared') then return held end
end

-- Renewals carry a lease no further: a later token of it neither.
local function bound_lease(lease, held)
  local own = lease.max_hold_ms and now_us + lease.max_hold_ms * 1000
  local first = held and held.hold_until
  lease.hold_until = own and first and math.min(own, first) or own or first
end

-- Another token of the same lease, which has to give way with it.
local function share_lease(lease, held)
  lease.fence, lease.since, lease.asked = held.fence, now_us, lease.mode or 'exclusive'
  lease.mode, lease.permits = held.mode, held.permits
  lease.revoke, lease.revoke_at = held.revoke, held.revoke_at
  bound_lease(lease, held)
end

local function begin_grant(lease, provisional)
  if provisional then lease.claim_by = now_us + CLAIM_US
  else start_lease(lease) end
end

-- A lease with all its terms. A provisional one begins when the waiter's instance claims it.
local function grant(lock, token, lease, provisional)
  lease.fence = next_fence(lock.call)
  lease.since = now_us
  bound_lease(lease)
  begin_grant(lease, provisional)
  add_lease(lock, token, lease)
  if not provisional then emit(lock, 'granted', lease) end
end

-- Whoever calls is alive, and takes the leases of its own waiters with the answer: no message, no
-- claim. If that answer is lost, its next beat finds them.
local function grant_waiter(locks, token, waiter)
  local call = locks[1].call
  local at_home = waiter.instance == call.instance
  for _, lock in ipairs(locks) do leave_queue(lock, token) end
  waiter.waited_us = math.max(0, now_us - waiter.at)
  for _, lock in ipairs(locks) do
    local lease = {}
    for field, value in pairs(waiter) do lease[field] = value end
    local held = find_joinable(lock, lease)
    if held then
      share_lease(lease, held)
      begin_grant(lease, not at_home)
      add_lease(lock, token, lease, true)
    else grant(lock, token, lease, not at_home) end
  end
  if at_home then call.handed[#call.handed + 1] = { locks = locks, token = token }
  else redis.call('PUBLISH', 'ls:grants:' .. waiter.instance, token) end
end

local function locks_of(lock, waiter)
  if not waiter.names then return { lock } end
  local locks = {}
  for i, name in ipairs(waiter.names) do locks[i] = open_lock(lock.call, name) end
  return locks
end

-- Whether the waiter of a head stands first here as well and fits; what is over here is ended first.
local function is_ready(lock, token, waiter, work)
  if reap(lock) then work[#work + 1] = lock end
  if waiter.names and head_of(lock) ~= token then return false end
  return fits(lock, waiter) or find_joinable(lock, waiter) ~= nil -- @place check-before-a-grant
end

local function all_ready(locks, token, waiter, work)
  for _, lock in ipairs(locks) do
    if not is_ready(lock, token, waiter, work) then return false end
  end
  return true
end

-- Ends what is over, then grants from the head while the head fits: 64 waiters at most, and the
-- rest at once by the next sweep. A set that moves lets the queues of its other names move too.
-- @param asked the token of the caller, if any: what it holds is ended first if it is over
local function advance(lock, asked)
  reap(lock, asked)
  tell_holders(lock)
  local work, steps = { lock }, 0
  while #work > 0 do
    local at = table.remove(work)
    while at.queued > 0 do
      steps = steps + 1
      if steps > 64 then at.again = true break end
      local token, waiter = head_of(at)
      if not token then break end
      local locks = locks_of(at, waiter)
      if has_no_session(at.call, waiter) or is_torn(locks, token, waiter) then dismiss(locks, token, waiter)
      elseif is_gone(at.call, waiter) then set_aside(locks, token, waiter)
      elseif all_ready(locks, token, waiter, work) then grant_waiter(locks, token, waiter)
      else
        at.head_gone = gone_at(at.call, waiter)
        break
      end
      for _, other in ipairs(locks) do
        if other ~= at then work[#work + 1] = other end
      end
    end
  end
end
