--[[
locks.session-end: end a session on purpose. Its leases are released, its waiters leave; called
again until nothing is left.

KEYS session      hash    the session
ARGV id           string  of the session
ARGV max_leases   int     how many leases and waiters one call ends
ARGV now_guard    int     the caller's estimate of the server's clock in us, 0 for none
ARGV floor        int     highest fence the caller has seen
ARGV ended_ttl_ms int     how long an ended session is remembered

RETURN next_ms expired lapsed outcome carried released left
  1, carried, released, left   ended by this call; leases and waiters it had, leases released here,
                               and how many leases and waiters are still there
  2, the same                  ended before, on purpose
  3, 0, 0, 0                   expired, or not known

COST O(max_leases), and O(64) waiters granted on each of their locks
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
local id, max_leases = ARGV[1], tonumber(ARGV[2])
local now_guard, floor, ended_ttl_ms = tonumber(ARGV[3]), tonumber(ARGV[4]), tonumber(ARGV[5])
local call = begin(KEYS[1], now_guard, floor, ended_ttl_ms)
local session, outcome = read_session(call, id), 2
if not session.ended then
  if is_over(call, id) then return answer(call, { 3, 0, 0, 0 }) end
  outcome = 1
  -- First, because a full Redis refuses HSET but lets it through after a PEXPIRE.
  redis.call('PEXPIRE', KEYS[1], KEEP_MS)
  redis.call('HSET', KEYS[1], 'until', now_us, 'ended', 1)
  session.ends, session.ended = now_us, true
end

-- What was over before ends as that, not cleanly. What the session carries is not over, although its
-- deadline may have been noted before the last keepalive: for this look it lives on.
local over_at = session.ends
local function reap_others(lock)
  session.ends, session.ended = now_us + 1000, false
  reap(lock)
  session.ends, session.ended = over_at, true
end

local members = session_leases(call, id)
local carried, released = redis.call('SCARD', members), 0
for _, member in ipairs(redis.call('SRANDMEMBER', members, max_leases)) do
  redis.call('SREM', members, member)
  local token, lock = string.sub(member, 1, 22), open_lock(call, string.sub(member, 23))
  reap_others(lock)
  local waiter, lease = read_waiter(lock, token), find_lease(lock, token)
  if waiter then
    dismiss(locks_of(lock, waiter), token, waiter)
    -- It finds no grant, asks for its place, and hears that the session is over.
    redis.call('PUBLISH', 'ls:grants:' .. waiter.instance, token)
  elseif lease then
    end_early(lock, token, lease)
    released = released + 1
  end
end
for _, lock in ipairs(call.opened) do advance(lock) end
local left = redis.call('SCARD', members)
if left == 0 then redis.call('PEXPIRE', KEYS[1], ended_ttl_ms) end
return answer(call, { outcome, carried, released, left })
