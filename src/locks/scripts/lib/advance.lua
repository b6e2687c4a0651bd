-- Serves the queue of a lock: from its head while the head fits, and no further.

-- @use departures.lua
-- @use expiry.lua
-- @use grants.lua
-- @use queue.lua

-- The calling instance is alive, and takes the leases of its own waiters with the answer: no message,
-- no claim. If that answer is lost, its next heartbeat finds them.
local function grant_waiter(locks, token, waiter)
  local call = locks[1].call
  local at_home = waiter.instance == call.instance
  for _, lock in ipairs(locks) do leave_queue(lock, token) end
  waiter.waited_us = math.max(0, now_us - waiter.at)
  for _, lock in ipairs(locks) do
    local lease = copy(waiter)
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

-- Whether the waiter is at the head here as well and fits; leases that are over here are ended first.
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

-- Ends what is over, then grants from the head while the head fits: at most 64 waiters, and the others
-- by the next sweep, at once. When a set leaves its queues, those of its other names advance too.
-- @param asked token of a lease that is ended first if its time has passed
local function advance(lock, asked)
  reap(lock, asked)
  notify_holders(lock)
  local work, steps = { lock }, 0
  while #work > 0 do
    local at = table.remove(work)
    while at.queued > 0 do
      steps = steps + 1
      if steps > 64 then at.again = true break end
      local token, waiter = head_of(at)
      if not token then break end
      local locks = locks_of(at, waiter)
      local lost = has_no_session(at.call, waiter) or is_torn(locks, token, waiter)
      if lost then dismiss(locks, token, waiter)
      elseif is_gone(at.call, waiter) then
        set_aside(locks, token, waiter)
        at.call.gone = at.call.gone + 1
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
