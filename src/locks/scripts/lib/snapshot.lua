-- The public state of a lock: no tokens.

-- @use ended.lua
-- @use queue.lua
-- @use snapshot-holders.lua
-- @use survey.lua

-- The first deadline of the other locks of the set at the head, for a lock without holders; 0 for none.
local function due_of_head(lock)
  local token = redis.call('ZRANGE', part(lock, 'queue'), 0, 0)[1]
  local waiter, first = token and read_waiter(lock, token), 0
  for _, name in ipairs(waiter and waiter.names or {}) do
    local due = next_due(open_lock(lock.call, name))
    if due > 0 and (first == 0 or due < first) then first = due end
  end
  return first
end

-- The capacity of a semaphore, also of an idle one, and its version where it is stored; else 0.
local function capacity_of(lock)
  if lock.kind == 'lock' then return 0, 0 end
  local stored, version = unpack(redis.call('HMGET', part(lock, 'capacity'), 'capacity', 'version'))
  return tonumber(stored or lock.kind and lock.capacity or 0), tonumber(version or 0)
end

-- Appends: kind state capacity version used holder_count queue_length left, how fence ago of the last
-- end, and the holders.
local function describe(reply, lock, max_holders)
  local seen = survey(lock, max_holders)
  local state = seen.taken > 0 and 'held' or (seen.delay_ends > now_us and 'delayed') or 'free'
  local due = seen.due
  if seen.taken == 0 then due = math.max(seen.delay_ends, lock.queued > 0 and due_of_head(lock) or 0) end
  local how, fence, at = string.match(read_end(lock, 'last') or '', '^(%S+) (%S+) (%S+)')
  if seen.over then how, fence, at = seen.over_how, seen.over.fence, seen.over_at end
  local capacity, version = capacity_of(lock)
  append(reply, { lock.kind or 'lock', state, capacity, version, seen.used,
    count_leases(lock, seen.tokens, seen.ended_by), queue_length(lock), ms_until(due),
    how or '', tonumber(fence or 0), ms_since(tonumber(at or now_us)) })
  describe_holders(reply, lock, seen.live, max_holders)
end

-- Appends owner and waiting time (ms) of each waiter shown.
local function describe_waiters(reply, lock, max)
  local length = queue_length(lock)
  local shown, gone = math.min(max, length), lock.queued - length
  -- Saves work: most locks have no queue.
  if shown == 0 then return end
  for _, token in ipairs(redis.call('ZRANGE', part(lock, 'queue'), 0, max + gone - 1)) do
    local waiter = read_waiter(lock, token)
    if waiter and shown > 0 and not is_past(waiter.wait_until) then
      append(reply, { waiter.owner or '', ms_since(waiter.at) })
      shown = shown - 1
    end
  end
end
