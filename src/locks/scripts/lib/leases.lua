-- The record of one lease: its terms, and when it ends.

-- @use lock.lua
-- @use session.lua

local function weight_of(lease)
  return lease.permits or (lease.mode == 'shared' and 1) or CAPACITY
end

local MOMENTS = { 'since', 'ends', 'claim_by', 'kept', 'revoke_at', 'hold_until' }

local function read_lease(lock, token)
  local lease = lock.leases[token]
  if lease == nil then
    local packed = lock.packed[token]
    if packed == nil then packed = redis.call('HGET', lock.key, '>' .. token) end
    lease = packed and cmsgpack.unpack(packed) or false
    -- Saves work: a call comes to the same lease several times.
    lock.leases[token] = lease
    for _, moment in ipairs(lease and lock.back_us > 0 and MOMENTS or {}) do
      lease[moment] = lease[moment] and lease[moment] - lock.back_us
    end
  end
  return lease or nil
end

local function write_lease(lock, token, lease)
  lock.leases[token], lock.written[token], lock.dirty = lease, true, true
end

-- When a lease has to be given back at the latest, and why; 9007199254740991 for one that somebody only
-- asks for, nil for one that nobody does. What is revoked for all holders is noted once, for the leases
-- up to a fence: of several such orders the earlier one has fewer leases and the earlier time.
local function revocation_of(lock, lease)
  local at, reason = lease.revoke_at, lease.revoke
  for _, order in ipairs(lock.revocations) do
    if lease.fence <= order.upto then
      if not at or order.at <= at then at, reason = order.at, order.reason end
      -- Saves work: what follows is later.
      break
    end
  end
  return at, reason
end

-- When a lease ends by its own terms, its session left aside.
local function own_deadline(lock, lease)
  return math.min(lease.claim_by or lease.ends or 9007199254740991, (revocation_of(lock, lease)) or 9007199254740991)
end

-- The moment at which a lease ends by time. A session may live on: it is asked, not remembered.
local function deadline_of(lock, lease)
  local at = own_deadline(lock, lease)
  return lease.session and math.min(at, read_session(lock.call, lease.session).ends) or at
end

-- The lease of a token as its holder sees it: one that was released during its minimal hold is over,
-- and so is one whose time has passed, although nobody has ended it yet.
local function find_lease(lock, token)
  local lease = read_lease(lock, token)
  if lease and not lease.released and not is_past(deadline_of(lock, lease)) then return lease end
end

-- How a lease ended whose time has passed: with its session, if that was ended before. Since the clock
-- stepped back both are compared as they were noted.
local function how_over(lock, lease, at)
  local revoke_at = revocation_of(lock, lease)
  if revoke_at and revoke_at <= at then return 'revoked' end
  local session = lease.session and read_session(lock.call, lease.session)
  local noted = own_deadline(lock, lease) + lock.back_us + lock.rewound_us
  return session and session.how == 'released' and session.noted <= noted and 'released' or 'expired'
end

-- Until when a release keeps the name taken.
local function min_hold_end(lease)
  return lease.since + (lease.min_hold_ms or 0) * 1000
end

-- The time of a lease begins; renewals end at `hold_until`, for all tokens of the lease.
local function start_lease(lease)
  lease.claim_by, lease.kept = nil, nil
  lease.ends = lease.ttl_ms and now_us + lease.ttl_ms * 1000
  if lease.hold_until then lease.ends = math.min(lease.ends or lease.hold_until, lease.hold_until) end
end
