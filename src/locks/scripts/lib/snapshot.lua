-- What anybody may see of a lock: no tokens.

local function describe_holder(reply, lock, lease)
  local at = deadline_of(lock, lease)
  reply[#reply + 1] = lease.fence
  reply[#reply + 1] = at < 9007199254740991 and ms_left(at) or -1
  reply[#reply + 1] = math.max(0, math.floor((now_us - lease.since) / 1000))
  reply[#reply + 1] = lease.permits or 1
  reply[#reply + 1] = lease.owner or ''
  reply[#reply + 1] = lease.metadata or ''
  reply[#reply + 1] = lease.mode or 'exclusive'
  local session = lease.session and read_session(lock.call, lease.session)
  reply[#reply + 1] = session and (session.metadata ~= '' and session.metadata or '{}') or ''
end

-- Appends: kind state capacity used holder_count queue_length left, then how fence ago of the last
-- end, then the number of holders that follow with 8 fields each. Tokens of one lease are one holder.
local function describe(reply, lock, max_holders)
  local tokens, live, over, over_at, cool = {}, {}, nil, 0, lock.cool
  if lock.sole ~= '' then tokens = { lock.sole }
  elseif lock.count > 0 then tokens = redis.call('ZRANGE', part(lock, 'holders'), 0, max_holders - 1) end
  for _, token in ipairs(tokens) do
    local lease = read_lease(lock, token)
    local at = lease and deadline_of(lock, lease) or 0
    -- Over, though nobody has ended it yet: nobody is told that it is held.
    if not is_past(lock.call, at) then live[#live + 1] = lease
    -- What was given back, or never taken, does not end by expiring.
    elseif lease and not lease.claim_by and not lease.released then
      over, over_at = lease, at
      cool = math.max(cool, lease.lock_delay_ms and at + lease.lock_delay_ms * 1000 or 0)
    end
  end

  local count = lock.count - (#tokens - #live)
  local state = count > 0 and 'held' or (cool > now_us and 'cooling') or 'free'
  for _, value in ipairs({ lock.kind or 'lock', state, lock.capacity, lock.used, count, lock.queued,
    ms_until(count > 0 and lock.due or cool) }) do reply[#reply + 1] = value end

  local how, fence, at = string.match(redis.call('LINDEX', part(lock, 'ended'), 0) or '',
    '^%S+ (%S+) (%S+) (%S+)')
  if over then how, fence, at = 'expired', over.fence, over_at end
  reply[#reply + 1] = how or ''
  reply[#reply + 1] = tonumber(fence or 0)
  reply[#reply + 1] = math.max(0, math.floor((now_us - tonumber(at or now_us)) / 1000))

  local at_count, seen = #reply + 1, {}
  reply[at_count] = 0
  for _, lease in ipairs(live) do
    if not seen[lease.fence] then
      seen[lease.fence] = true
      describe_holder(reply, lock, lease)
      reply[at_count] = reply[at_count] + 1
    end
  end
end

-- Appends owner, mode, permits and waiting time of each waiter shown.
local function describe_waiters(reply, lock, max)
  if lock.queued == 0 then return end
  for _, token in ipairs(redis.call('ZRANGE', part(lock, 'queue'), 0, max - 1)) do
    local waiter = read_waiter(lock, token)
    if waiter then
      reply[#reply + 1] = waiter.owner or ''
      reply[#reply + 1] = waiter.mode or 'exclusive'
      reply[#reply + 1] = waiter.permits or 1
      reply[#reply + 1] = math.max(0, math.floor((now_us - waiter.at) / 1000))
    end
  end
end
