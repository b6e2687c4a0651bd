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
    -- Saves work: a call reads the same lease several times.
    lock.leases[token] = lease
    for _, moment in ipairs(lease and lock.back_us > 0 and MOMENTS or {}) do
      lease[moment] = lease[moment] and lease[moment] - lock.back_us
    end
  end
  return lease or nil
end

-- The deadline by which a lease must be given back, and why: NEVER if it is only asked for, nil if it
-- is not. A revocation of all holders is one order for the leases up to a fence: of several orders
-- an earlier one covers fewer leases and has an earlier deadline.
local function revocation_of(lock, lease)
  local at, reason = lease.revoke_at, lease.revoke
  for _, order in ipairs(lock.revocations) do
    if lease.fence <= order.upto then
      if not at or order.at <= at then at, reason = order.at, order.reason end
      -- Saves work: the orders behind it are later.
      break
    end
  end
  return at, reason
end

-- When a lease ends by its own terms, without its session.
local function own_deadline(lock, lease)
  return math.min(lease.claim_by or lease.ends or NEVER, (revocation_of(lock, lease)) or NEVER)
end

-- When a lease ends by time. The end of its session is read each time, because keepalives move it.
local function deadline_of(lock, lease)
  local at = own_deadline(lock, lease)
  return lease.session and math.min(at, read_session(lock.call, lease.session).ends) or at
end

-- The lease of a token as its holder sees it: nil during its minimal hold after a release, and when
-- its time has passed although no call has ended it yet.
local function find_lease(lock, token)
  local lease = read_lease(lock, token)
  if lease and not lease.released and not is_past(deadline_of(lock, lease)) then return lease end
end

-- How a lease ended whose time has passed: released, if its session was ended before. After the clock
-- stepped back both are compared as they were written.
local function how_over(lock, lease, at)
  local revoke_at = revocation_of(lock, lease)
  if revoke_at and revoke_at <= at then return 'revoked' end
  local session = lease.session and read_session(lock.call, lease.session)
  local noted = own_deadline(lock, lease) + lock.back_us + lock.rewound_us
  return session and session.how == 'released' and session.noted <= noted and 'released' or 'expired'
end

local function min_hold_end(lease)
  return lease.since + (lease.min_hold_ms or 0) * 1000
end

-- Starts the time of a lease; no renewal of any of its tokens goes beyond `hold_until`.
local function start_lease(lease)
  lease.claim_by, lease.kept = nil, nil
  lease.ends = lease.ttl_ms and now_us + lease.ttl_ms * 1000
  if lease.hold_until then lease.ends = math.min(lease.ends or lease.hold_until, lease.hold_until) end
end
