-- How a lease ends: by its holder, by an order, or unclaimed.

-- @use ended.lua
-- @use holders.lua
-- @use notices.lua

-- @param how released, expired or revoked
local function end_lease(lock, token, lease, how, at, reason)
  local order = lock.revocations[1]
  local last = drop_lease(lock, token, lease)
  remember_end(lock, token, lease, how, at, reason)
  notify_stream(lease, token)
  -- Of a lease with several tokens the last one ends it.
  if last then emit(lock, how, lease, reason) end
  if how == 'released' then return end
  lock.call[how] = lock.call[how] + 1
  notify_session(lock, token, lease, { how = how, at = at, reason = reason })
  -- After an unclean end requests of the lost holder may still be under way.
  if last and lease.lock_delay_ms and not (order and order.no_delay) then
    lock.delay_ends = math.max(lock.delay_ends, at + lease.lock_delay_ms * 1000)
  end
end

-- Takes back a grant that nobody claimed. Its instance is suspect until its next heartbeat, unless the
-- grant was kept for a client whose connection was cut, or its session is over. It begins no lock delay.
local function expire_grant(lock, token, lease)
  drop_lease(lock, token, lease)
  if lease.kept or lease.session and is_over(lock.call, lease.session) then
    return forget_request(lock.call, lease)
  end
  lease.mode, lease.claim_by = lease.asked or lease.mode, nil
  keep_place(lock.call, token, lease)
  lock.call.claim_timeouts = lock.call.claim_timeouts + 1
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
  notify_stream(lease, token)
  lease.emitted = hold_count(lock, lease) == 1
  if lease.emitted then emit(lock, 'released', lease) end
  -- Only the name stays taken; a session carries what it can lose.
  if lease.session then leave_session(lock.call, lease.session, token, lock.name) end
  lease.released, lease.ends, lease.revoke_at, lease.session = true, free_at, nil, nil
  change_lease(lock, token, lease)
end
