-- Leases that were granted, as the answers to their holders have them.

-- @use holders.lua
-- @use notices.lua

-- The reply of a grant: outcome, ttl, hold_count, mode, waited, token, attachment, and the fences in the
-- order of the names. Times are in milliseconds.
local function granted(locks, outcome, token)
  local lease = read_lease(locks[1], token)
  local reply = { outcome, ms_left(deadline_of(locks[1], lease)), hold_count(locks[1], lease),
    lease.mode or 'exclusive', math.floor((lease.waited_us or 0) / 1000), token, lease.attach or 1 }
  for _, lock in ipairs(locks) do reply[#reply + 1] = read_lease(lock, token).fence end
  return reply
end

-- A waiter takes its grant, or the repeat of a request whose first answer was cut off does.
-- @param attach of the connection that takes it, nil for the newest
local function claim(locks, token, attach)
  for _, lock in ipairs(locks) do
    local lease = find_lease(lock, token)
    if lease.claim_by then
      start_lease(lease)
      change_lease(lock, token, lease)
      -- A token that joins a lease emits nothing: its first token did.
      if hold_count(lock, lease) == 1 then emit(lock, 'granted', lease) end
    end
    -- An older connection has the lease as well, so it stays when the newest connection closes.
    if attach and attach ~= (lease.attach or 1) and not lease.shared then
      lease.shared = true
      change_lease(lock, token, lease)
    end
  end
end

local function holds_all(locks, token)
  for _, lock in ipairs(locks) do
    if not find_lease(lock, token) then return false end
  end
  return true
end
