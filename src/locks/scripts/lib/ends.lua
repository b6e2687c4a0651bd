-- How leases end, and what is remembered of it.

-- @use holders.lua
-- @use notices.lua
-- @use requests.lua

-- Every end is remembered, so that a holder hears "expired" rather than "not yours": the last 5000 of
-- a lock at least, and 10,000 at most.
local ENDS_KEPT = 5000

local function remember_end(lock, token, lease, how, at, reason)
  local key = part(lock, 'ended')
  local entry = string.format('%s %.0f %.0f %s', how, lease.fence, at, reason or '')
  remember_outcome(lock.call, token, lease, entry)
  redis.call('HSET', key, token, entry, 'last', entry)
  redis.call('PEXPIRE', key, lock.call.ended_ttl_ms)
  if redis.call('HLEN', key) > ENDS_KEPT then redis.call('RENAME', key, part(lock, 'ended-before')) end
end

-- @param token 'last' for that which ended last
local function read_end(lock, token)
  return redis.call('HGET', part(lock, 'ended'), token) or redis.call('HGET', part(lock, 'ended-before'), token)
end

-- How a lease ended, its fence and reason, or nil where nothing is remembered.
local function parse_end(entry)
  local how, fence, reason = string.match(entry, '^(%S+) (%S+) %S+ (.*)$')
  return how, tonumber(fence), reason
end

local function find_end(lock, token)
  return parse_end(read_end(lock, token) or '')
end

-- @param how released, expired or revoked
local function end_lease(lock, token, lease, how, at, reason)
  local order = lock.revocations[1]
  local last = drop_lease(lock, token, lease)
  remember_end(lock, token, lease, how, at, reason)
  tell_stream(lease, token)
  -- Of a lease with several tokens the last one ends it.
  if last then emit(lock, how, lease, reason) end
  if how == 'released' then return end
  lock.call[how] = lock.call[how] + 1
  tell_session(lock, token, lease, { how = how, at = at, reason = reason })
  -- After an unclean end requests of the lost holder may still be under way.
  if last and lease.lock_delay_ms and not (order and order.no_delay) then
    lock.cool = math.max(lock.cool, at + lease.lock_delay_ms * 1000)
  end
end

-- Takes back a grant that nobody claimed. Its instance is suspect until its next beat, unless the
-- grant was kept for a client whose connection was cut, or its session is over. A lapse never cools.
local function lapse(lock, token, lease)
  drop_lease(lock, token, lease)
  if lease.kept or lease.session and is_over(lock.call, lease.session) then
    return forget_request(lock.call, lease)
  end
  lease.mode, lease.claim_by = lease.asked or lease.mode, nil
  keep_place(lock.call, token, lease)
  lock.call.lapsed = lock.call.lapsed + 1
  local suspects = lock.call.prefix .. 'suspects'
  redis.call('ZADD', suspects, now_us, lease.instance)
  redis.call('PEXPIRE', suspects, KEEP_MS)
end

-- The holder gives its lease back. For the rest of its minimal hold the lock stays taken, by nobody
-- who could renew.
local function end_early(lock, token, lease)
  local free_at = min_hold_end(lease)
  -- Saves work: the next look, in this call, would drop it.
  if is_past(free_at) then return end_lease(lock, token, lease, 'released', now_us) end
  -- HDEL first, see drop_lease; the record is written again when the call is saved.
  redis.call('HDEL', lock.key, '>' .. token)
  remember_end(lock, token, lease, 'released', now_us)
  tell_stream(lease, token)
  lease.told = hold_count(lock, lease) == 1
  if lease.told then emit(lock, 'released', lease) end
  -- Only the name stays taken; a session carries what it can lose.
  if lease.session then leave_session(lock.call, lease.session, token, lock.name) end
  lease.released, lease.ends, lease.revoke_at, lease.session = true, free_at, nil, nil
  change_lease(lock, token, lease)
end

local function end_by_time(lock, token, lease, at)
  if lease.released then
    if drop_lease(lock, token, lease) and not lease.told then emit(lock, 'released', lease) end
    return
  end
  local how = how_over(lock, lease, at)
  if lease.claim_by and how ~= 'revoked' then return lapse(lock, token, lease) end
  if how == 'released' then return end_early(lock, token, lease) end
  -- Redis lost the session, and with it the moment of its end.
  if at == 0 then at = math.min(lock.due, now_us) end
  local _, reason = revocation_of(lock, lease)
  end_lease(lock, token, lease, how, at, how == 'revoked' and reason)
end

-- False for one that lasts: its session was kept alive since its deadline was noted.
local function end_if_over(lock, token, lease)
  local at = deadline_of(lock, lease)
  if not is_past(at) then return false end
  end_by_time(lock, token, lease, at)
  return true
end

-- Ends what is over: the lease of the token that is asked for, if any, and 64 others at most. True
-- when something changed.
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
