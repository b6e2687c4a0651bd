-- Writes what a call has changed, once, at its end.

-- @use lock.lua
-- @use session.lua

-- The value of a field that is not stored.
local INITIAL = { used = 0, count = 0, sole = '', due = 0, delay_ends = 0, queued = 0, ticket = 0,
  capacity = CAPACITY, watched = 0 }

-- A semaphore with a stored capacity stays in the list: it is configuration.
local function unlist(lock, index)
  if index == 'semaphores' and redis.call('EXISTS', part(lock, 'capacity')) == 1 then return end
  redis.call('ZREM', lock.call.prefix .. index, lock.name)
end

-- The name may have become another kind in this call.
local function list_as(lock, index)
  -- Saves work: most calls leave it where it is.
  if lock.listed == index then return end
  if lock.listed then unlist(lock, lock.listed) end
  if index then redis.call('ZADD', lock.call.prefix .. index, 0, lock.name) end
end

local function forget(lock)
  if lock.exists then
    if not lock.deleted then delete_record(lock) end
    redis.call('ZREM', lock.call.prefix .. 'timers', lock.name)
    unlist(lock, lock.listed or index_of(lock))
    if lock.watched > 0 then redis.call('DEL', part(lock, 'events'), part(lock, 'watchers')) end
  end
  return 0
end

-- @return milliseconds until the next deadline of the lock, 0 for none
local function save(lock)
  local busy = lock.count > 0 or lock.queued > 0
  if not busy and lock.delay_ends <= now_us and lock.watched <= now_us then return forget(lock) end

  local due = next_due(lock)
  if not lock.dirty then return due > 0 and math.max(1, ms_until(due)) or 0 end
  lock.written_at = now_us
  local is_new, fields = not lock.exists or lock.deleted, {}
  if lock.rare then redis.call('HDEL', lock.key, unpack(RARE)) end
  if lock.joined > 0 then fields = { 'joined', lock.joined } end
  if lock.revocations[1] then append(fields, { 'revocations', cmsgpack.pack(lock.revocations) }) end
  for token in pairs(lock.written) do
    if lock.leases[token] then
      fields[#fields + 1] = '>' .. token
      fields[#fields + 1] = cmsgpack.pack(lock.leases[token])
    end
  end
  for _, name in ipairs(STATE) do
    local value = lock[name] or ''
    if not is_new or value ~= INITIAL[name] then
      fields[#fields + 1] = name
      fields[#fields + 1] = value
    end
  end
  -- unpack passes at most 8000 values, and a revocation may write to every holder.
  for i = 1, #fields, 1000 do
    redis.call('HSET', lock.key, unpack(fields, i, math.min(i + 999, #fields)))
  end
  local keep_ms = math.max(lock.keep_ms, due > 0 and ms_until(due) or 0) + KEEP_MS
  if is_new then redis.call('PEXPIRE', lock.key, keep_ms)
  else redis.call('PEXPIRE', lock.key, keep_ms, 'GT') end
  if due > 0 then redis.call('ZADD', lock.call.prefix .. 'timers', due, lock.name) end
  list_as(lock, busy and index_of(lock))
  return due > 0 and math.max(1, ms_until(due)) or 0
end

-- Saves every lock of the call.
-- @return milliseconds until the first deadline of them, 0 for none
local function save_all(call)
  local first = 0
  for _, lock in ipairs(call.opened) do
    local ms = save(lock)
    if ms > 0 and (first == 0 or ms < first) then first = ms end
  end
  for id in pairs(call.sessions) do note_expiry(call, id) end
  return first
end

local function answer(call, reply)
  local next_ms = save_all(call)
  local all = { next_ms, call.expired, call.claim_timeouts, call.gone }
  append(all, reply)
  return all
end
