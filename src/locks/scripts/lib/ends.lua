-- How leases end, and what is remembered of it.

-- Writes down what happens while somebody watches, for him and for whoever comes back within the
-- time of a watch. Each instance that watches is told once, on its own channel: it reads the rest.
local function emit(lock, what, lease, reason)
  if lock.watched <= now_us then return end
  redis.call('XADD', part(lock, 'events'), 'NOMKSTREAM', 'MAXLEN', 1000, '*', 'type', what,
    'fence', lease.fence or 0, 'owner', lease.owner or '', 'reason', reason or '')
  if lock.told then return end
  lock.told = true
  for _, instance in ipairs(redis.call('ZRANGEBYSCORE', part(lock, 'watchers'), now_us, '+inf')) do
    redis.call('PUBLISH', 'ls:events:' .. instance, lock.key)
  end
end

-- The stream that carries a lease looks at once, instead of when it renews next.
local function tell_stream(lease, token)
  if lease.hold then redis.call('PUBLISH', 'ls:grants:' .. string.sub(lease.hold, 1, 22), token) end
end

-- The last 8 ends are kept, so that a holder hears "expired" rather than "not yours".
local function remember_end(lock, token, how, fence, at, reason)
  local key = part(lock, 'ended')
  local entry = string.format('%s %s %.0f %.0f %s', token, how, fence, at, reason or '')
  if redis.call('LPUSH', key, entry) > 8 then redis.call('LTRIM', key, 0, 7) end
  redis.call('PEXPIRE', key, lock.call.ended_ttl_ms)
end

-- How the lease of a token ended, its fence and reason, or nil for a token that is not remembered.
local function find_end(lock, token)
  for _, entry in ipairs(redis.call('LRANGE', part(lock, 'ended'), 0, 7)) do
    local known, how, fence, reason = string.match(entry, '^(%S+) (%S+) (%S+) %S+ (.*)$')
    if known == token then return how, tonumber(fence), reason end
  end
end

-- @param how released, expired or revoked
local function end_lease(lock, token, lease, how, at, reason)
  local last = drop_lease(lock, token, lease)
  remember_end(lock, token, how, lease.fence, at, reason)
  tell_stream(lease, token)
  -- Of a lease with several tokens the last one ends it.
  if last then emit(lock, how, lease, reason) end
  if how == 'released' then return end
  if how == 'expired' then lock.call.expired = lock.call.expired + 1 end
  -- After an unclean end requests of the lost holder may still be under way.
  if last and lease.lock_delay_ms then
    lock.cool = math.max(lock.cool, at + lease.lock_delay_ms * 1000)
  end
end

-- Takes back a grant that nobody claimed. Its instance is suspect until its next beat, unless the
-- place was kept for a client whose connection was cut, or its session is over. A lapse never cools.
local function lapse(lock, token, lease)
  drop_lease(lock, token, lease)
  if lease.memo then redis.call('DEL', lock.call.prefix .. 'memo:' .. lease.memo) end
  if lease.kept or lease.session and is_over(lock.call, lease.session) then return end
  lock.call.lapsed = lock.call.lapsed + 1
  local suspects = lock.call.prefix .. 'suspects'
  redis.call('ZADD', suspects, now_us, lease.instance)
  redis.call('PEXPIRE', suspects, KEEP_MS)
end

local function end_by_time(lock, token, lease, at)
  if lease.claim_by then return lapse(lock, token, lease) end
  if lease.released then
    if drop_lease(lock, token, lease) and not lease.told then emit(lock, 'released', lease) end
    return
  end
  if lease.revoke_at and lease.revoke_at <= at then
    return end_lease(lock, token, lease, 'revoked', at, lease.revoke)
  end
  local clean = false
  if lease.session then
    local over_at, on_purpose = session_until(lock.call, lease.session)
    clean = on_purpose and at == over_at
    -- Redis lost the session, and with it the moment of its end.
    if at == 0 then at = math.min(lock.due, now_us) end
  end
  end_lease(lock, token, lease, clean and 'released' or 'expired', at)
end

-- Ends what is over, 64 leases at most; true when something changed.
local function reap(lock)
  local changed, steps = false, 0
  while lock.count > 0 and is_past(lock.call, lock.due) do
    steps = steps + 1
    if steps > 64 then lock.again = true break end
    local token = lock.sole ~= '' and lock.sole or redis.call('ZRANGE', part(lock, 'holders'), 0, 0)[1]
    local lease = token and read_lease(lock, token)
    local at = lease and deadline_of(lock, lease)
    if not lease then
      recount(lock)
      changed = true
    -- The session was kept alive since this deadline was noted.
    elseif not is_past(lock.call, at) then change_lease(lock, token, lease)
    else
      end_by_time(lock, token, lease, at)
      changed = true
    end
  end
  return changed
end

-- The holder gives its lease back. For the rest of its minimal hold the lock stays taken, by nobody
-- who could renew; not for longer, where the clock has stepped back since the grant.
local function end_early(lock, token, lease)
  local free_at = math.min(lease.since, now_us) + (lease.min_hold_ms or 0) * 1000
  -- Nobody has seen what was not claimed yet.
  if lease.claim_by or is_past(lock.call, free_at) then return end_lease(lock, token, lease, 'released', now_us) end
  -- HDEL first, see drop_lease; the record is written again when the call is saved.
  redis.call('HDEL', lock.key, '>' .. token)
  remember_end(lock, token, 'released', lease.fence, now_us)
  tell_stream(lease, token)
  lease.told = hold_count(lock, lease) == 1
  if lease.told then emit(lock, 'released', lease) end
  -- Only the name stays taken; a session carries what it can lose.
  if lease.session then leave_session(lock.call, lease.session, token, lock.name) end
  lease.released, lease.ends, lease.revoke_at, lease.session = true, free_at, nil, nil
  change_lease(lock, token, lease)
end
