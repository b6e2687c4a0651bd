-- Whether a request gets its locks at once, and the answer to one that does not.

-- @use advance.lua
-- @use snapshot.lua

-- Runs before any refusal, because a lease whose time has passed blocks nobody.
-- @return true when more is over than one call ends
local function advance_all(locks, request, wait_ms)
  for _, lock in ipairs(locks) do
    if lock.exists then
      -- The calling instance is alive: it must not lose its places to an earlier suspicion.
      if wait_ms > 0 then redis.call('ZREM', lock.call.prefix .. 'suspects', request.instance) end
      advance(lock)
      if lock.again then return true end
    end
  end
end

-- The first lock that is not free for a request, or nil.
local function find_blocked(locks, request)
  for _, lock in ipairs(locks) do
    if is_behind(lock, request) or not fits(lock, request) then return lock end
  end
end

-- The lease that an owner enters again. One that is full is not entered, but waited for.
-- @return nil when there is none; a refusal when the owner reads and asks to write
local function find_entered(lock, request)
  local held = request.reentrant and find_owned(lock, request)
  if not held then return end
  if held.mode == 'shared' and request.mode ~= 'shared' then return nil, { 9, lock.name } end
  if lock.count < MAX_HOLDERS then return held end
end

-- The answer to a request that does not wait: held, or delayed by the lock delay alone.
local function refuse_now(lock)
  local delayed = lock.count == 0 and lock.queued == 0
  local reply = { delayed and 4 or 3, lock.name }
  describe(reply, lock, 8)
  return reply
end

-- The answer to a request for which a queue has no room, or nil.
local function refuse_full(locks, max_queue)
  for _, lock in ipairs(locks) do
    local length = queue_length(lock)
    if max_queue and length >= max_queue then return { 8, length, lock.name } end
  end
end
