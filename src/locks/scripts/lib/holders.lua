-- The holders of a lock. One holder stands in the lock's HASH alone; from the second on, the ZSET
-- `holders` orders deadlines, `#fence` counts the tokens of a lease and `@owner` lists
-- those of an owner who may enter again.

-- @use leases.lua

local function fence_field(lease) return '#' .. string.format('%.0f', lease.fence) end
local function owner_field(lease) return '@' .. (lease.caller or '') .. '\n' .. lease.owner end

local function list_owned(lock, lease)
  local packed = redis.call('HGET', lock.key, owner_field(lease))
  return packed and cmsgpack.unpack(packed) or {}
end

-- How long a record must last. That of a session's lease may be looked at by nobody while its session
-- is kept alive: a day is the longest that one lives.
local function keep_of(lease, at)
  return ms_until(math.min(at, now_us + 86400000000)) + (lease.session and 86400000 or 0)
end

local function index_lease(lock, token, lease, at)
  local holders, keep_ms = part(lock, 'holders'), keep_of(lease, at) + KEEP_MS * 2
  redis.call('ZADD', holders, at, token)
  -- GT alone never sets the first expiry, and the shortest lease must not end the order of all.
  if redis.call('PEXPIRE', holders, keep_ms, 'GT') == 0 then redis.call('PEXPIRE', holders, keep_ms, 'NX') end
  redis.call('HINCRBY', lock.key, fence_field(lease), 1)
  if lease.reentrant then
    local tokens = list_owned(lock, lease)
    tokens[#tokens + 1] = token
    redis.call('HSET', lock.key, owner_field(lease), cmsgpack.pack(tokens))
  end
end

local function set_due(lock)
  local first = redis.call('ZRANGE', part(lock, 'holders'), 0, 0, 'WITHSCORES')
  lock.due = tonumber(first[2] or 0)
end

-- While a slot of a Cluster moves, a script may come to a key that has moved already: it stops there,
-- and what it wrote stands. Whatever else is noted, a lease is held while its record is there.
local add_lease
local function recount(lock)
  redis.call('DEL', part(lock, 'holders'))
  local tokens, seen = {}, {}
  for _, field in ipairs(redis.call('HKEYS', lock.key)) do
    local first = string.sub(field, 1, 1)
    if first == '>' then tokens[string.sub(field, 2)] = true
    elseif first == '#' or first == '@' then redis.call('HDEL', lock.key, field) end
  end
  for token in pairs(lock.written) do tokens[token] = true end
  lock.count, lock.used, lock.sole, lock.due, lock.dirty = 0, 0, '', 0, true
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
  if not again then lock.used = lock.used + weight_of(lease) end
  if lease.session then join_session(lock.call, lease.session, token, lock.name) end
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
    redis.call('PEXPIRE', part(lock, 'holders'), lock.keep_ms + KEEP_MS, 'GT')
    redis.call('ZADD', part(lock, 'holders'), at, token)
    set_due(lock)
  end
end

-- The clock has stepped back since the lock was written: what was left of its leases then is left now.
local function rewind(lock)
  if lock.back_us == 0 then return end
  for _, token in ipairs(lock.sole ~= '' and { lock.sole } or redis.call('ZRANGE', part(lock, 'holders'), 0, -1)) do
    local lease = read_lease(lock, token)
    if lease then change_lease(lock, token, lease) end
  end
  lock.back_us, lock.dirty = 0, true
end

-- HDEL first: a full Redis lets a script write only after its first freeing command.
-- True when this was the last token of its lease.
local function drop_lease(lock, token, lease)
  redis.call('HDEL', lock.key, '>' .. token)
  lock.leases[token], lock.dirty = false, true
  lock.count = lock.count - 1
  local last = true
  if lock.sole == token then lock.sole, lock.due = '', 0
  else
    redis.call('ZREM', part(lock, 'holders'), token)
    last = redis.call('HINCRBY', lock.key, fence_field(lease), -1) == 0
    if last then redis.call('HDEL', lock.key, fence_field(lease)) end
    if lease.reentrant then
      local rest = {}
      for _, other in ipairs(list_owned(lock, lease)) do
        if other ~= token then rest[#rest + 1] = other end
      end
      if #rest > 0 then redis.call('HSET', lock.key, owner_field(lease), cmsgpack.pack(rest))
      else redis.call('HDEL', lock.key, owner_field(lease)) end
    end
    set_due(lock)
  end
  if last then lock.used = lock.used - weight_of(lease) end
  if lease.session then leave_session(lock.call, lease.session, token, lock.name) end
  return last
end

-- Tokens of a lease: more than one after re-entry.
local function hold_count(lock, lease)
  if lock.sole ~= '' then return 1 end
  return tonumber(redis.call('HGET', lock.key, fence_field(lease)) or 1)
end

-- A live lease that its owner took to enter it again, or nil.
local function find_owned(lock, request)
  if lock.count == 0 then return end
  for _, token in ipairs(lock.sole ~= '' and { lock.sole } or list_owned(lock, request)) do
    local lease = find_lease(lock, token)
    if lease and lease.reentrant and lease.owner == request.owner and lease.caller == request.caller then return lease end
  end
end
