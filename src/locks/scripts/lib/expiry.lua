-- Ends leases whose time has passed.

-- @use releases.lua

-- After the clock stepped back: the time that was left of its leases at the last write is left now.
local function rewind(lock)
  if lock.back_us == 0 then return end
  local tokens = lock.sole ~= '' and { lock.sole } or redis.call('ZRANGE', part(lock, 'holders'), 0, -1)
  for _, token in ipairs(tokens) do
    local lease = read_lease(lock, token)
    if lease then change_lease(lock, token, lease) end
  end
  lock.back_us, lock.rewound_us, lock.dirty = 0, lock.back_us, true
end

local function end_by_time(lock, token, lease, at)
  if lease.released then
    if drop_lease(lock, token, lease) and not lease.emitted then emit(lock, 'released', lease) end
    return
  end
  local how = how_over(lock, lease, at)
  if lease.claim_by and how ~= 'revoked' then return expire_grant(lock, token, lease) end
  if how == 'released' then return release_lease(lock, token, lease) end
  -- Redis lost the session, and with it the time of its end.
  if at == 0 then at = math.min(lock.due, now_us) end
  local _, reason = revocation_of(lock, lease)
  end_lease(lock, token, lease, how, at, how == 'revoked' and reason)
end

-- False for a lease that lasts: its session was kept alive since its deadline was noted.
local function end_if_over(lock, token, lease)
  local at = deadline_of(lock, lease)
  if not is_past(at) then return false end
  end_by_time(lock, token, lease, at)
  return true
end

-- Ends leases whose time has passed: that of the token, if given, and at most 64 others.
-- @param asked token of a lease that is ended first if its time has passed
-- @return true when something changed
local function reap(lock, asked)
  rewind(lock)
  local lease = asked and read_lease(lock, asked)
  local changed, steps = lease and end_if_over(lock, asked, lease), 0
  while lock.count > 0 and is_past(lock.due) do
    steps = steps + 1
    if steps > 64 then lock.again = true break end
    local token = first_over(lock)
    lease = token and read_lease(lock, token)
    if not lease then
      recount(lock)
      changed = true
    elseif end_if_over(lock, token, lease) then changed = true
    else change_lease(lock, token, lease) end
  end
  return changed
end
