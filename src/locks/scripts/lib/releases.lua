-- How a holder gives its lease back.

-- @use ends.lua
-- @use holders.lua

-- For the rest of the minimal hold the lock stays taken, by a lease that cannot be renewed.
local function release_lease(lock, token, lease)
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
