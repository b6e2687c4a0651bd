-- The holders in the public state of a lock.

-- @use leases.lua
-- @use order.lua

local function describe_holder(reply, lock, lease)
  local session = lease.session and read_session(lock.call, lease.session)
  append(reply, { lease.fence, ms_left(deadline_of(lock, lease)), ms_since(lease.since),
    lease.permits or 1, lease.owner or '', lease.metadata or '', lease.mode or 'exclusive',
    lease.session or '', session and session.metadata or '' })
end

-- Leases of a lock without the ended ones.
-- @param tokens that have not ended
-- @param ended_by ended tokens by fence
local function count_leases(lock, tokens, ended_by)
  local joined = lock.joined
  for fence, ended in pairs(joined > 0 and ended_by or {}) do
    joined = joined - (hold_count(lock, { fence = fence }) == ended and ended - 1 or ended)
  end
  return tokens - joined
end

-- Appends the number of holders, then 9 fields of each. Several tokens of one lease are one holder.
local function describe_holders(reply, lock, leases, max)
  local at_count, seen = #reply + 1, {}
  reply[at_count] = 0
  for _, lease in ipairs(leases) do
    if not seen[lease.fence] and reply[at_count] < max then
      seen[lease.fence] = true
      describe_holder(reply, lock, lease)
      reply[at_count] = reply[at_count] + 1
    end
  end
end
