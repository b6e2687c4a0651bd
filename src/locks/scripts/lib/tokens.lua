-- What renew, release and their like share: one token over one lock or all locks of a set.

-- @use ended.lua
-- @use leases.lua

local function open_all(call, keys, token)
  local locks = {}
  for i, key in ipairs(keys) do locks[i] = open_lock(call, name_of(call, key), token) end
  return locks
end

-- The names on which a token holds nothing any more, or nil when it holds all of them.
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

-- How the first remembered one of them ended: outcome 2, or 3 when none is remembered.
local function lost_reply(locks, token, lost)
  for _, lock in ipairs(locks) do
    local how, fence, reason = find_end(lock, token)
    if how then return { 2, fence, how, reason, unpack(lost) } end
  end
  return { 3, unpack(lost) }
end
