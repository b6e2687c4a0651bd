-- Notifies of what happens to a lease: the watchers of its lock, the stream that carries it, its session.

-- @use ../../../redis/scripts/lib/watchers.lua
-- @use carried.lua
-- @use leases.lua

-- Records an event while the lock is watched: for its watchers, and for clients that reconnect within
-- the time of a watch. Each instance that watches is notified once per call, on its own channel.
local function emit(lock, what, lease, reason)
  -- Saves work: most locks are not watched.
  if lock.watched <= now_us then return end
  redis.call('XADD', part(lock, 'events'), 'NOMKSTREAM', 'MAXLEN', 1000, '*', 'type', what,
    'fence', lease.fence or 0, 'owner', lease.owner or '', 'reason', reason or '',
    'metadata', lease.metadata or '')
  if lock.announced then return end
  lock.announced = true
  announce(part(lock, 'watchers'), lock.key)
end

-- The stream that carries a lease renews at once, and so hears what happened to it.
local function notify_stream(lease, token)
  if lease.hold then redis.call('PUBLISH', 'ls:grants:' .. string.sub(lease.hold, 1, 22), token) end
end

-- The next keepalives of the session show what others did to its lease.
local function notify_session(lock, token, lease, note)
  if not lease.session or is_over(lock.call, lease.session) then return end
  note.fence = lease.fence
  note_for_session(lock.call, lease.session, token, lock.name, note)
end

-- The holder is asked for its lease. After a release there is no holder to ask.
local function notify_holder(lock, token, lease)
  if lease.released then return end
  lock.call.asked = lock.call.asked + 1
  notify_stream(lease, token)
  local at, reason = revocation_of(lock, lease)
  notify_session(lock, token, lease, { at = at, reason = reason })
end

-- Asks all holders that the newest revocation covers, 64 with each look at the lock.
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
