-- Who hears what happens to a lease: those who watch the lock, the stream that carries it, its session.

-- @use carried.lua
-- @use leases.lua

-- Records an event while somebody watches the lock: for them, and for those who come back within the
-- time of a watch. Each instance that watches is notified once, on its own channel, and reads the rest.
local function emit(lock, what, lease, reason)
  -- Saves work: few locks are watched.
  if lock.watched <= now_us then return end
  redis.call('XADD', part(lock, 'events'), 'NOMKSTREAM', 'MAXLEN', 1000, '*', 'type', what,
    'fence', lease.fence or 0, 'owner', lease.owner or '', 'reason', reason or '')
  if lock.announced then return end
  lock.announced = true
  for _, instance in ipairs(redis.call('ZRANGEBYSCORE', part(lock, 'watchers'), now_us, '+inf')) do
    redis.call('PUBLISH', 'ls:events:' .. instance, lock.key)
  end
end

-- The stream that carries a lease looks at once, instead of when it renews next.
local function notify_stream(lease, token)
  if lease.hold then redis.call('PUBLISH', 'ls:grants:' .. string.sub(lease.hold, 1, 22), token) end
end

-- The holder did not do it: its session shows it with the next keepalives.
local function notify_session(lock, token, lease, note)
  if not lease.session or is_over(lock.call, lease.session) then return end
  note.fence = lease.fence
  note_for_session(lock.call, lease.session, token, lock.name, note)
end

-- Somebody asks for a lease. After a release nobody is there who could give it back.
local function notify_holder(lock, token, lease)
  if lease.released then return end
  lock.call.asked = lock.call.asked + 1
  notify_stream(lease, token)
  local at, reason = revocation_of(lock, lease)
  notify_session(lock, token, lease, { at = at, reason = reason })
end

-- All whose leases were asked for hear of it, 64 with each look at the lock.
local function notify_holders(lock)
  local order = lock.revocations[#lock.revocations]
  if not order or not order.notified then return end
  local tokens = lock.sole ~= '' and { lock.sole }
    or redis.call('ZRANGE', part(lock, 'fences'), order.notified, order.notified + 63)
  for _, token in ipairs(tokens) do
    local lease = read_lease(lock, token)
    if lease then notify_holder(lock, token, lease) end
  end
  order.notified = #tokens == 64 and order.notified + 64 or nil
  lock.dirty = true
  if order.notified then lock.again = true end
end
