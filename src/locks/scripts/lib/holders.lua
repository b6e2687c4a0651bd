-- The holders of a lock. A single holder is in the HASH of the lock alone; from the second on, the ZSET
-- `holders` orders tokens by deadline and the ZSET `fences` by lease, and the field `@owner` has the
-- fence of the lease that an owner may enter again.

-- @use carried.lua
-- @use leases.lua
-- @use order.lua

-- Counts the holders again from their records. While a slot of a Cluster moves, a script may come to a
-- key that has moved already: it stops there, and what it wrote stays. A lease is held exactly while
-- its record exists.
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

-- Marks a lease to be saved, with an expiry beyond its deadline.
local function write_lease(lock, token, lease, at)
  lock.keep_ms = math.max(lock.keep_ms, keep_of(lease, at))
  lock.leases[token], lock.written[token], lock.dirty = lease, true, true
end

-- Lets the session of a lease, if it has one, carry it.
local function carry(lock, token, lease)
  if not lease.session then return end
  join_session(lock.call, lease.session, token, lock.name, own_deadline(lock, lease))
end

-- @param again the token joins a lease that exists: no weight is added
function add_lease(lock, token, lease, again)
  if lock.sole ~= '' and not read_lease(lock, lock.sole) then recount(lock) end
  local at = deadline_of(lock, lease)
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
  carry(lock, token, lease)
  write_lease(lock, token, lease, at)
end

-- Writes a lease whose terms changed, and moves its deadline.
local function change_lease(lock, token, lease)
  if lease.session then settle_session(lock.call, lease.session) end
  local at = deadline_of(lock, lease)
  write_lease(lock, token, lease, at)
  if lock.sole == token then lock.due = at
  else
    -- PEXPIRE first: a full Redis refuses ZADD unless it has let another write through.
    for _, index in ipairs(INDEXES) do
      redis.call('PEXPIRE', part(lock, index), lock.keep_ms + KEEP_MS, 'GT')
    end
    redis.call('ZADD', part(lock, 'holders'), at, token)
    set_due(lock)
  end
  carry(lock, token, lease)
end
