-- The record of one lock: one HASH with the fields below and one `>token` per lease. A lock without
-- holders, waiters, watchers and lock delay leaves no key.

-- @use call.lua

-- A writer takes all of a lock, a reader one of it; a semaphore brings its own capacity.
local CAPACITY = 1000000

local STATE = { 'kind', 'used', 'count', 'sole', 'due', 'delay_ends', 'queued', 'ticket', 'capacity',
  'watched', 'written_at' }

-- Fields of few locks: written only while they have a value.
-- joined: tokens beyond the first of their lease. revocations: of all holders, see leases.lua.
local RARE = { 'joined', 'revocations' }
local FIELDS = { unpack(STATE) }
for _, name in ipairs(RARE) do FIELDS[#FIELDS + 1] = name end

-- The list that names the lock while it is held or queued.
local function index_of(lock)
  return lock.kind == 'semaphore' and 'semaphores' or 'locks'
end

-- @param token of a lease that is read with the lock, if any
local function open_lock(call, name, token)
  local known = call.locks[name]
  if known then return known end
  local key = call.prefix .. 'lock:' .. name
  local v = redis.call('HMGET', key, '>' .. (token or ''), unpack(FIELDS))
  -- The clock has stepped back by this since the write: moments noted then move along, see rewind.
  local back_us = math.max(0, tonumber(v[12] or 0) - now_us)
  local lock = {
    call = call, name = name, key = key, exists = v[2] and true, back_us = back_us, rewound_us = 0,
    -- '' of a lock that is only watched.
    kind = v[2] ~= '' and v[2] or nil,
    used = tonumber(v[3] or 0), count = tonumber(v[4] or 0),
    -- The token of the only holder; '' when a ZSET orders several.
    sole = v[5] or '',
    -- The earliest deadline among the holders, 0 without holders.
    due = tonumber(v[6] or 0) - back_us,
    delay_ends = tonumber(v[7] or 0) - back_us, queued = tonumber(v[8] or 0), ticket = tonumber(v[9] or 0),
    capacity = tonumber(v[10] or CAPACITY), watched = tonumber(v[11] or 0) - back_us,
    joined = tonumber(v[13] or 0), revocations = v[14] and cmsgpack.unpack(v[14]) or {},
    rare = v[13] or v[14], packed = { [token or ''] = v[1] }, leases = {}, written = {}, keep_ms = 0,
  }
  for _, order in ipairs(lock.revocations) do order.at = order.at - back_us end
  lock.listed = (lock.count > 0 or lock.queued > 0) and index_of(lock)
  call.locks[name] = lock
  call.opened[#call.opened + 1] = lock
  return lock
end

-- @param token of a lease that is read with each lock, if any
local function open_all(call, keys, token)
  local locks = {}
  for i, key in ipairs(keys) do locks[i] = open_lock(call, name_of(call, key), token) end
  return locks
end

-- What the name is in use as, or nil: an idle name may become another kind.
local function kind_of(lock)
  if lock.count == 0 and lock.queued == 0 and lock.delay_ends <= now_us then
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
  for _, at in ipairs({ lock.delay_ends, lock.watched, lock.head_gone or 0 }) do
    if at > now_us and (due == 0 or at < due) then due = at end
  end
  return due
end

local function delete_record(lock)
  redis.call('DEL', lock.key)
  lock.deleted = true
end
