-- How a lease ends: by its holder, by a revocation, or unclaimed.

-- @use ended.lua
-- @use notices.lua
-- @use order.lua

-- HDEL or DEL first: a full Redis lets a script write only after its first freeing command.
-- @return true when this was the last token of its lease
local function drop_lease(lock, token, lease)
  local stays = lock.count > 1 or lock.queued > 0 or lock.watched > now_us
  if stays then redis.call('HDEL', lock.key, '>' .. token) else delete_record(lock) end
  lock.leases[token], lock.dirty = false, true
  lock.count = lock.count - 1
  local last = true
  if lock.sole == token then lock.sole, lock.due = '', 0
  else
    for _, index in ipairs(INDEXES) do redis.call('ZREM', part(lock, index), token) end
    last = hold_count(lock, lease) == 0
    local owner = last and lease.reentrant and owner_field(lease)
    if owner and tonumber(redis.call('HGET', lock.key, owner)) == lease.fence then
      redis.call('HDEL', lock.key, owner)
    end
    -- Saves work: a sweep that comes too early finds the next deadline.
    set_due(lock)
  end
  if lock.count == 0 then lock.revocations = {} end
  if last then lock.used = lock.used - weight_of(lease)
  else lock.joined = lock.joined - 1 end
  if lease.session then leave_session(lock.call, lease.session, token, lock.name) end
  return last
end

-- @param how released, expired or revoked
local function end_lease(lock, token, lease, how, at, reason)
  local order = lock.revocations[1]
  local last = drop_lease(lock, token, lease)
  remember_end(lock, token, lease, how, at, reason)
  notify_stream(lease, token)
  if last then emit(lock, how, lease, reason) end
  if how == 'released' then return end
  lock.call[how] = lock.call[how] + 1
  notify_session(lock, token, lease, { how = how, at = at, reason = reason })
  -- Requests of a holder that lost its lease may still be under way.
  if last and lease.lock_delay_ms and not (order and order.no_delay) then
    lock.delay_ends = math.max(lock.delay_ends, at + lease.lock_delay_ms * 1000)
  end
end

-- Takes back an unclaimed grant, without a lock delay. Its instance is suspect until its next
-- heartbeat, unless the grant was kept for a client that disconnected, or its session has ended.
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
