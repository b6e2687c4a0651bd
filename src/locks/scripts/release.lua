--[[
locks.release: end a lease on all its locks, if the caller holds it, and hand them on.

KEYS lock[]       hash    the locks of the token
ARGV token        string  proof of ownership
ARGV now_guard    int     the caller's estimate of the server's clock in us, 0 for none
ARGV floor        int     highest fence the caller has seen
ARGV ended_ttl_ms int     how long an ended lease is remembered

RETURN next_ms expired lapsed outcome ...
  1, held_ms, fence[]             released
  2, fence, how, reason, lost[]   it had ended before: released (a repeat), expired, revoked
  3, lost[]                       not a token of the lost names

COST O(names), and O(64) waiters granted
]]
-- @use lib/call.lua
-- @use lib/lock.lua
-- @use lib/leases.lua
-- @use lib/holders.lua
-- @use lib/ends.lua
-- @use lib/queue.lua
-- @use lib/grants.lua
-- @use lib/tokens.lua
-- @use lib/snapshot.lua
-- @use lib/acquire.lua
local token = ARGV[1]
local now_guard, floor, ended_ttl_ms = tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
local call = begin(KEYS[1], now_guard, floor, ended_ttl_ms)
local locks = open_all(call, KEYS)
for _, lock in ipairs(locks) do reap(lock) end

local lost = find_lost(locks, token)
local held_ms, fences = 0, {}
-- What is left of a set is given back although a part of it is lost.
for i, lock in ipairs(locks) do
  local lease = find_lease(lock, token)
  if lease and not lease.claim_by then
    held_ms = math.max(held_ms, math.floor((now_us - lease.since) / 1000))
    fences[#fences + 1] = lease.fence
    local free_at = lease.since + (lease.min_hold_ms or 0) * 1000
    end_early(lock, token, lease, free_at)
  end
end
for _, lock in ipairs(locks) do advance(lock) end
if lost then return answer(call, tell_lost(locks, token, lost)) end
return answer(call, { 1, held_ms, unpack(fences) })
