-- One token on one lock, or on all locks of a set.

-- @use ended.lua
-- @use leases.lua

-- The names on which a token no longer holds a lease, or nil when it holds all of them.
local function find_lost(locks, token)
  local lost
  for _, lock in ipairs(locks) do
    local lease = find_lease(lock, token)
    if not lease or lease.claim_by then
      lost = lost or {}
      lost[#lost + 1] = lock.name
    end
  end
  return lost
end

-- How the first of these leases ended whose end is remembered: outcome 2; or 3 for none.
local function lost_reply(locks, token, lost)
  for _, lock in ipairs(locks) do
    local how, fence, reason = find_end(lock, token)
    if how then return { 2, fence, how, reason, unpack(lost) } end
  end
  return { 3, unpack(lost) }
end
