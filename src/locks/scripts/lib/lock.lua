-- The record of one lock: one HASH with the fields below and one `>token` per lease. A lock that
-- nobody holds, awaits or cools leaves nothing.

-- @use session.lua

-- A writer takes all of a lock, a reader one of it; a semaphore brings its own capacity.
local CAPACITY = 1000000

local STATE = { 'kind', 'used', 'count', 'sole', 'due', 'cool', 'queued', 'ticket', 'capacity',
  'watched', 'written_at' }

-- What few locks have: written only while it says something.
-- joined: tokens beyond the first of their lease. revocations: of all who hold the lock, see leases.lua.
local RARE = { 'joined', 'revocations' }
local FIELDS = { unpack(STATE) }
for _, name in ipairs(RARE) do FIELDS[#FIELDS + 1] = name end

-- What a field says that is not there.
local UNSAID = { used = 0, count = 0, sole = '', due = 0, cool = 0, queued = 0, ticket = 0,
  capacity = CAPACITY, watched = 0 }

-- @param token a lease that is read along, if any
local function open_lock(call, name, token)
  local known = call.locks[name]
  if known then return known end
  local key = call.prefix .. 'lock:' .. name
  local v = redis.call('HMGET', key, '>' .. (token or ''), unpack(FIELDS))
  local lock = {
    call = call, name = name, key = key, exists = v[2] and true,
    -- '' of one that is only watched.
    kind = v[2] ~= '' and v[2] or nil,
    used = tonumber(v[3] or 0), count = tonumber(v[4] or 0),
    -- The token of the only holder; '' when a ZSET orders several.
    sole = v[5] or '',
    -- The earliest deadline among the holders, 0 without holders.
    due = tonumber(v[6] or 0),
    cool = tonumber(v[7] or 0), queued = tonumber(v[8] or 0), ticket = tonumber(v[9] or 0),
    capacity = tonumber(v[10] or CAPACITY), watched = tonumber(v[11] or 0),
    joined = tonumber(v[13] or 0), revocations = v[14] and cmsgpack.unpack(v[14]) or {},
    rare = v[13] or v[14], packed = { [token or ''] = v[1] }, leases = {}, written = {}, keep_ms = 0,
  }
  -- So far the clock has stepped back since: what was noted then moves along, see rewind.
  lock.back_us, lock.rewound_us = math.max(0, tonumber(v[12] or 0) - now_us), 0
  lock.due, lock.cool, lock.watched = lock.due - lock.back_us, lock.cool - lock.back_us, lock.watched - lock.back_us
  for _, order in ipairs(lock.revocations) do order.at = order.at - lock.back_us end
  lock.listed = lock.count > 0 or lock.queued > 0
  call.locks[name] = lock
  call.opened[#call.opened + 1] = lock
  return lock
end

-- What the name is in use as, or nil: an idle one binds nobody to what it was.
local function kind_of(lock)
  if lock.count == 0 and lock.queued == 0 and lock.cool <= now_us then
    lock.kind, lock.capacity = nil, CAPACITY
  end
  return lock.kind
end

local function part(lock, name)
  return lock.call.prefix .. name .. ':' .. lock.name
end

-- The next moment at which something happens by time alone, 0 for never.
local function next_due(lock)
  if lock.again then return now_us end
  local due = lock.count > 0 and lock.due or 0
  for _, at in ipairs({ lock.cool, lock.watched, lock.head_gone or 0 }) do
    if at > now_us and (due == 0 or at < due) then due = at end
  end
  return due
end

local function delete_record(lock)
  redis.call('DEL', lock.key)
  lock.deleted = true
end

local function forget(lock)
  if lock.exists then
    if not lock.deleted then delete_record(lock) end
    redis.call('ZREM', lock.call.prefix .. 'timers', lock.name)
    redis.call('ZREM', lock.call.prefix .. 'index', lock.name)
    if lock.watched > 0 then redis.call('DEL', part(lock, 'events'), part(lock, 'watchers')) end
  end
  return 0
end

-- Returns the milliseconds until something happens by time alone, 0 for never.
local function save(lock)
  local busy = lock.count > 0 or lock.queued > 0
  if not busy and lock.cool <= now_us and lock.watched <= now_us then return forget(lock) end

  local due = next_due(lock)
  if not lock.dirty then return due > 0 and math.max(1, ms_until(due)) or 0 end
  lock.written_at = now_us
  local is_new, fields = not lock.exists or lock.deleted, {}
  if lock.rare then redis.call('HDEL', lock.key, unpack(RARE)) end
  if lock.joined > 0 then fields = { 'joined', lock.joined } end
  if lock.revocations[1] then
    fields[#fields + 1] = 'revocations'
    fields[#fields + 1] = cmsgpack.pack(lock.revocations)
  end
  for token in pairs(lock.written) do
    if lock.leases[token] then
      fields[#fields + 1] = '>' .. token
      fields[#fields + 1] = cmsgpack.pack(lock.leases[token])
    end
  end
  for _, name in ipairs(STATE) do
    local value = lock[name] or ''
    if not is_new or value ~= UNSAID[name] then
      fields[#fields + 1] = name
      fields[#fields + 1] = value
    end
  end
  -- Lua hands over 8000 values at most, and a revocation may write to every holder there is.
  for i = 1, #fields, 1000 do
    redis.call('HSET', lock.key, unpack(fields, i, math.min(i + 999, #fields)))
  end
  local keep_ms = math.max(lock.keep_ms, due > 0 and ms_until(due) or 0) + KEEP_MS
  if is_new then redis.call('PEXPIRE', lock.key, keep_ms)
  else redis.call('PEXPIRE', lock.key, keep_ms, 'GT') end
  if due > 0 then redis.call('ZADD', lock.call.prefix .. 'timers', due, lock.name) end
  if busy and not lock.listed then redis.call('ZADD', lock.call.prefix .. 'index', 0, lock.name)
  elseif lock.listed and not busy then redis.call('ZREM', lock.call.prefix .. 'index', lock.name) end
  return due > 0 and math.max(1, ms_until(due)) or 0
end

-- Saves every lock of the call; the milliseconds until the first of them wants to be looked at.
local function save_all(call)
  local first = 0
  for _, lock in ipairs(call.opened) do
    local ms = save(lock)
    if ms > 0 and (first == 0 or ms < first) then first = ms end
  end
  for id in pairs(call.sessions) do note_expiry(call, id) end
  return first
end
