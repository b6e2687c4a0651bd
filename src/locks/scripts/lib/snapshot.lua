-- What anybody may see of a lock: no tokens.

-- @use ended.lua
-- @use order.lua
-- @use queue.lua

local function describe_holder(reply, lock, lease)
  reply[#reply + 1] = lease.fence
  reply[#reply + 1] = ms_left(deadline_of(lock, lease))
  reply[#reply + 1] = math.max(0, math.floor((now_us - lease.since) / 1000))
  reply[#reply + 1] = lease.permits or 1
  reply[#reply + 1] = lease.owner or ''
  reply[#reply + 1] = lease.metadata or ''
  reply[#reply + 1] = lease.mode or 'exclusive'
  local session = lease.session and read_session(lock.call, lease.session)
  reply[#reply + 1] = session and (session.metadata ~= '' and session.metadata or '{}') or ''
end

-- The holders in the order of their ends, as many as are shown and all that seem to be over: whether
-- they are, their sessions know. While not all are ended yet that were revoked, the last of those and
-- whom it is not about; and how many were left out.
local function read_holders(lock, max)
  if lock.sole ~= '' then return { lock.sole }, 0 end
  -- Saves work: there is nothing to read.
  if lock.count == 0 then return {}, 0 end
  local order = lock.revocations[1]
  if order and is_past(order.at) then
    local from = math.max(0, covered_by(lock, order) - 1)
    return redis.call('ZRANGE', part(lock, 'fences'), from, from + max), from
  end
  local holders = part(lock, 'holders')
  return redis.call('ZRANGE', holders, 0, redis.call('ZCOUNT', holders, '-inf', now_us) + max - 1), 0
end

-- When the lock may be free, nobody holding it: when one of those is due that its head waits for.
local function due_of_head(lock)
  local token = redis.call('ZRANGE', part(lock, 'queue'), 0, 0)[1]
  local waiter, first = token and read_waiter(lock, token), 0
  for _, name in ipairs(waiter and waiter.names or {}) do
    local due = next_due(open_lock(lock.call, name))
    if due > 0 and (first == 0 or due < first) then first = due end
  end
  return first
end

-- Of a semaphore, also of an idle one; 0 where none is known.
local function capacity_of(lock)
  if lock.kind == 'lock' then return 0 end
  return tonumber(redis.call('GET', part(lock, 'capacity')) or lock.kind and lock.capacity or 0)
end

-- How many leases are left of a lock when so many tokens of each fence are gone.
local function count_leases(lock, tokens, gone_by)
  local joined = lock.joined
  for fence, gone in pairs(joined > 0 and gone_by or {}) do
    joined = joined - (hold_count(lock, { fence = fence }) == gone and gone - 1 or gone)
  end
  return tokens - joined
end

-- Appends: kind state capacity used holder_count queue_length left, then how fence ago of the last
-- end, then the number of holders that follow with 8 fields each. Tokens of one lease are one holder.
local function describe(reply, lock, max_holders)
  local tokens, left_out = read_holders(lock, max_holders)
  local live, over, over_at, over_how, delay_ends = {}, nil, 0, '', lock.delay_ends
  local due, used, taken = 9007199254740991, lock.used, lock.count - left_out
  local present, gone_by = taken, {}
  for _, token in ipairs(tokens) do
    local lease = read_lease(lock, token)
    local at = lease and deadline_of(lock, lease) or 0
    local how = lease and is_past(at) and how_over(lock, lease, at)
    -- Its name stays taken for the rest of its minimal hold, by nobody who could be shown.
    if how == 'released' then at = math.max(at, min_hold_end(lease)) end
    if not is_past(at) then due = math.min(due, at)
    else
      taken = taken - 1
      used = used - (lease and lease.permits or 0)
      -- What was given back, or never taken, does not end by its time.
      if lease and not lease.claim_by and not lease.released then
        over, over_at, over_how = lease, at, how
        if how ~= 'released' then delay_ends = math.max(delay_ends, at + (lease.lock_delay_ms or 0) * 1000) end
      end
    end
    if lease and not lease.released and not how then live[#live + 1] = lease
    else
      present = present - 1
      if lease then gone_by[lease.fence] = (gone_by[lease.fence] or 0) + 1 end
    end
  end

  local state = taken > 0 and 'held' or (delay_ends > now_us and 'cooling') or 'free'
  if taken == 0 then due = math.max(delay_ends, lock.queued > 0 and due_of_head(lock) or 0) end
  for _, value in ipairs({ lock.kind or 'lock', state, capacity_of(lock), used, count_leases(lock, present, gone_by), queue_length(lock),
    ms_until(due) }) do reply[#reply + 1] = value end

  local how, fence, at = string.match(read_end(lock, 'last') or '', '^(%S+) (%S+) (%S+)')
  if over then how, fence, at = over_how, over.fence, over_at end
  reply[#reply + 1] = how or ''
  reply[#reply + 1] = tonumber(fence or 0)
  reply[#reply + 1] = math.max(0, math.floor((now_us - tonumber(at or now_us)) / 1000))

  local at_count, seen = #reply + 1, {}
  reply[at_count] = 0
  for _, lease in ipairs(live) do
    if not seen[lease.fence] and reply[at_count] < max_holders then
      seen[lease.fence] = true
      describe_holder(reply, lock, lease)
      reply[at_count] = reply[at_count] + 1
    end
  end
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
      reply[#reply + 1] = waiter.owner or ''
      reply[#reply + 1] = math.max(0, math.floor((now_us - waiter.at) / 1000))
      shown = shown - 1
    end
  end
end
