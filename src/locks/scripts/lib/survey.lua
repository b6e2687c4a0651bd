-- Reads the holders of a lock as they are now, although no call has ended yet what is over.

-- @use leases.lua
-- @use order.lua

-- Tokens of the holders by deadline: as many as are shown, and all that may be over, which only their
-- sessions know. While a revocation of all is not carried out yet: those behind the tokens it covers,
-- and the last of those; and how many were left out.
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

-- @return live: leases with a holder; tokens: how many hold them; taken: tokens that keep the name taken;
-- used: their weight; due: their first deadline; ended_by: the other tokens, counted by fence; over: the
-- lease that ended last, over_at and over_how; delay_ends: the end of the lock delay
local function survey(lock, max)
  local tokens, left_out = read_holders(lock, max)
  local taken = lock.count - left_out
  local seen = { live = {}, tokens = taken, taken = taken, used = lock.used, due = NEVER, ended_by = {},
    delay_ends = lock.delay_ends }
  for _, token in ipairs(tokens) do
    local lease = read_lease(lock, token)
    local at = lease and deadline_of(lock, lease) or 0
    local how = lease and is_past(at) and how_over(lock, lease, at)
    -- For the rest of its minimal hold the name stays taken, by no holder that could be shown.
    if how == 'released' then at = math.max(at, min_hold_end(lease)) end
    if not is_past(at) then seen.due = math.min(seen.due, at)
    else
      seen.taken = seen.taken - 1
      seen.used = seen.used - (lease and lease.permits or 0)
      -- A released lease and an unclaimed grant do not end by time.
      if lease and not lease.claim_by and not lease.released then
        seen.over, seen.over_at, seen.over_how = lease, at, how
        local delay_ends = at + (lease.lock_delay_ms or 0) * 1000
        if how ~= 'released' then seen.delay_ends = math.max(seen.delay_ends, delay_ends) end
      end
    end
    if lease and not lease.released and not how then seen.live[#seen.live + 1] = lease
    else
      seen.tokens = seen.tokens - 1
      if lease then seen.ended_by[lease.fence] = (seen.ended_by[lease.fence] or 0) + 1 end
    end
  end
  return seen
end
