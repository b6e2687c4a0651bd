-- The holders of a lock. One holder stands in the lock's HASH alone; from the second on, the ZSET
-- `holders` orders tokens by deadline and the ZSET `fences` by lease, and `@owner` is the fence of the
-- lease that an owner may enter again.

-- @use leases.lua

local INDEXES = { 'holders', 'fences' }

local function owner_field(lease) return '@' .. (lease.caller or '') .. '\n' .. lease.owner end

-- Tokens of the lease with a fence: several after re-entry.
local function tokens_of(lock, fence, max)
  local exact = string.format('%.0f', fence)
  return redis.call('ZRANGEBYSCORE', part(lock, 'fences'), exact, exact, 'LIMIT', 0, max)
end

-- How long a record must last. That of a session's lease may be looked at by nobody while its session
-- is kept alive: a day is the longest that one lives.
local function keep_of(lease, at)
  return ms_until(math.min(at, now_us + 86400000000)) + (lease.session and 86400000 or 0)
end

local function index_lease(lock, token, lease, at)
  local keep_ms = keep_of(lease, at) + KEEP_MS * 2
  redis.call('ZADD', part(lock, 'holders'), at, token)
  redis.call('ZADD', part(lock, 'fences'), lease.fence, token)
  for _, index in ipairs(INDEXES) do
    local key = part(lock, index)
    -- GT alone never sets the first expiry, and the shortest lease must not end the order of all.
    if redis.call('PEXPIRE', key, keep_ms, 'GT') == 0 then redis.call('PEXPIRE', key, keep_ms, 'NX') end
  end
  if lease.reentrant then redis.call('HSET', lock.key, owner_field(lease), lease.fence) end
end

local function set_due(lock)
  lock.due = tonumber(redis.call('ZRANGE', part(lock, 'holders'), 0, 0, 'WITHSCORES')[2] or 0)
  local order = lock.revocations[1]
  if not order then return end
  local lowest = redis.call('ZRANGE', part(lock, 'fences'), 0, 0, 'WITHSCORES')
  if tonumber(lowest[2] or 9007199254740991) <= order.upto then lock.due = math.min(lock.due, order.at)
  else
    -- All that it is about have ended.
    table.remove(lock.revocations, 1)
    return set_due(lock)
  end
end

-- Tokens whose leases an order is about.
local function covered_by(lock, order)
  return redis.call('ZCOUNT', part(lock, 'fences'), '-inf', string.format('%.0f', order.upto))
end

-- Revokes all leases that are held now, at one moment however many they are. Asking again may bring
-- the end nearer, never move it away.
-- @param no_delay the name does not cool down after it
local function revoke_all(lock, at, reason, no_delay)
  local orders, newest = lock.revocations, redis.call('ZRANGE', part(lock, 'fences'), -1, -1, 'WITHSCORES')
  local upto = lock.sole ~= '' and read_lease(lock, lock.sole).fence or tonumber(newest[2])
  while orders[1] and orders[#orders].at >= at do table.remove(orders) end
  local order = { at = at, reason = reason, upto = upto, no_delay = no_delay or nil, told = at > now_us and 0 or nil }
  orders[#orders + 1] = order
  lock.due, lock.dirty = math.min(lock.due, at), true
  return order
end

-- Whose lease may be over: the first by time, or by fence where all up to one are revoked.
local function first_over(lock)
  if lock.sole ~= '' then return lock.sole end
  local order = lock.revocations[1]
  local index = order and is_past(order.at) and 'fences' or 'holders'
  return redis.call('ZRANGE', part(lock, index), 0, 0)[1]
end

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

-- The clock has stepped back since the lock was written: what was left of its leases then is left now.
local function rewind(lock)
  if lock.back_us == 0 then return end
  for _, token in ipairs(lock.sole ~= '' and { lock.sole } or redis.call('ZRANGE', part(lock, 'holders'), 0, -1)) do
    local lease = read_lease(lock, token)
    if lease then change_lease(lock, token, lease) end
  end
  lock.back_us, lock.rewound_us, lock.dirty = 0, lock.back_us, true
end

-- Tokens of a lease: more than one after re-entry.
local function hold_count(lock, lease)
  if lock.sole ~= '' then return 1 end
  local fence = string.format('%.0f', lease.fence)
  return redis.call('ZCOUNT', part(lock, 'fences'), fence, fence)
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

-- A live lease that its owner took to enter it again, or nil.
local function find_owned(lock, request)
  -- Saves work: there is no lease to enter.
  if lock.count == 0 then return end
  local fence = lock.sole == '' and redis.call('HGET', lock.key, owner_field(request))
  for _, token in ipairs(fence and tokens_of(lock, fence, 64) or { lock.sole }) do
    local lease = find_lease(lock, token)
    if lease and lease.reentrant and lease.owner == request.owner and lease.caller == request.caller then return lease end
  end
end
