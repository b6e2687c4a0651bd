-- The holders of a lock. One holder stands in the lock's HASH alone; from the second on, the ZSET
-- `holders` orders tokens by deadline and the ZSET `fences` by lease, and `@owner` is the fence of the
-- lease that an owner may enter again.

-- @use carried.lua
-- @use leases.lua
-- @use order.lua

-- While a slot of a Cluster moves, a script may come to a key that has moved already: it stops there,
-- and what it wrote stands. Whatever else is noted, a lease is held while its record is there.
local add_lease
local function recount(lock)
  for _, index in ipairs(INDEXES) do redis.call('DEL', part(lock, index)) end
  local tokens, seen = {}, {}
  for _, field in ipairs(redis.call('HKEYS', lock.key)) do
    local first = string.sub(field, 1, 1)
    if first == '>' then tokens[string.sub(field, 2)] = true
    elseif first == '@' then redis.call('HDEL', lock.key, field) end
  end
  for token in pairs(lock.written) do tokens[token] = true end
  lock.count, lock.used, lock.joined, lock.sole, lock.due, lock.dirty = 0, 0, 0, '', 0, true
  for token in pairs(tokens) do
    local lease = read_lease(lock, token)
    if lease then
      add_lease(lock, token, lease, seen[lease.fence])
      seen[lease.fence] = true
    end
  end
end

-- @param again the token joins a lease that exists: no weight is added
function add_lease(lock, token, lease, again)
  if lock.sole ~= '' and not read_lease(lock, lock.sole) then recount(lock) end
  local at = deadline_of(lock, lease)
  lock.keep_ms = math.max(lock.keep_ms, keep_of(lease, at))
  if lock.count == 0 then lock.sole, lock.due = token, at
  else
    if lock.sole ~= '' then
      index_lease(lock, lock.sole, read_lease(lock, lock.sole), lock.due)
      lock.sole = ''
    end
    index_lease(lock, token, lease, at)
    lock.due = math.min(lock.due, at)
  end
  lock.count = lock.count + 1
  if again then lock.joined = lock.joined + 1
  else lock.used = lock.used + weight_of(lease) end
  if lease.session then join_session(lock.call, lease.session, token, lock.name, own_deadline(lock, lease)) end
  write_lease(lock, token, lease)
end

-- Writes a lease whose terms changed, and moves its deadline.
local function change_lease(lock, token, lease)
  if lease.session then settle_session(lock.call, lease.session) end
  local at = deadline_of(lock, lease)
  lock.keep_ms = math.max(lock.keep_ms, keep_of(lease, at))
  write_lease(lock, token, lease)
  if lock.sole == token then lock.due = at
  else
    -- PEXPIRE first: a full Redis refuses ZADD unless it has let another write through.
    for _, index in ipairs(INDEXES) do redis.call('PEXPIRE', part(lock, index), lock.keep_ms + KEEP_MS, 'GT') end
    redis.call('ZADD', part(lock, 'holders'), at, token)
    set_due(lock)
  end
  if lease.session then join_session(lock.call, lease.session, token, lock.name, own_deadline(lock, lease)) end
end

-- HDEL or DEL first: a full Redis lets a script write only after its first freeing command.
-- True when this was the last token of its lease.
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
    if last and lease.reentrant and tonumber(redis.call('HGET', lock.key, owner_field(lease))) == lease.fence then
      redis.call('HDEL', lock.key, owner_field(lease))
    end
    -- Saves work: a look that comes too early finds when the next is due.
    set_due(lock)
  end
  if lock.count == 0 then lock.revocations = {} end
  if last then lock.used = lock.used - weight_of(lease)
  else lock.joined = lock.joined - 1 end
  if lease.session then leave_session(lock.call, lease.session, token, lock.name) end
  return last
end
