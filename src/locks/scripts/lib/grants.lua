-- Leases that begin: a new lease, or another token of one that is held.

-- @use holders.lua
-- @use notices.lua

local function copy(record)
  local twin = {}
  for field, value in pairs(record) do twin[field] = value end
  return twin
end

-- Claim timeout: how long a grant waits for the instance of its waiter.
local CLAIM_US = 2000000

-- Tokens of one lock, including those that entered a lease again.
local MAX_HOLDERS = 10000

local function fits(lock, request)
  return lock.delay_ends <= now_us and lock.count < MAX_HOLDERS
    and lock.used + weight_of(request) <= lock.capacity
end

-- The live reentrant lease of the same owner, or nil.
local function find_owned(lock, request)
  -- Saves work: there is no lease to enter.
  if lock.count == 0 then return end
  local fence = lock.sole == '' and redis.call('HGET', lock.key, owner_field(request))
  for _, token in ipairs(fence and tokens_of(lock, fence, 64) or { lock.sole }) do
    local lease = find_lease(lock, token)
    local same = lease and lease.owner == request.owner and lease.caller == request.caller
    if same and lease.reentrant then return lease end
  end
end

-- The lease that a waiter joins instead of taking a new one. A writer never joins a reader's lease.
local function find_joinable(lock, request)
  local held = request.reentrant and lock.count < MAX_HOLDERS and find_owned(lock, request)
  if held and (held.mode ~= 'shared' or request.mode == 'shared') then return held end
end

-- Sets the moment beyond which no renewal extends a lease; a later token cannot move it either.
local function bound_lease(lease, held)
  local own = lease.max_hold_ms and now_us + lease.max_hold_ms * 1000
  local first = held and held.hold_until
  lease.hold_until = own and first and math.min(own, first) or own or first
end

-- Makes a lease another token of `held`, which is revoked with it.
local function share_lease(lease, held)
  lease.fence, lease.since, lease.asked = held.fence, now_us, lease.mode or 'exclusive'
  lease.mode, lease.permits = held.mode, held.permits
  lease.revoke, lease.revoke_at = held.revoke, held.revoke_at
  bound_lease(lease, held)
end

local function begin_grant(lease, provisional)
  if provisional then lease.claim_by = now_us + CLAIM_US
  else start_lease(lease) end
end

-- Grants a new lease. A provisional one starts when the waiter's instance claims it.
local function grant(lock, token, lease, provisional)
  lease.fence = next_fence(lock.call)
  lease.since = now_us
  bound_lease(lease)
  begin_grant(lease, provisional)
  add_lease(lock, token, lease)
  if not provisional then emit(lock, 'granted', lease) end
end

-- Grants another token of a held lease: the same fence, and a deadline of its own.
local function join_lease(lock, token, request, held)
  share_lease(request, held)
  start_lease(request)
  add_lease(lock, token, request, true)
end
