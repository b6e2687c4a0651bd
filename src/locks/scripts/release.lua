--[[
locks.release: end a lease on all its locks, if the caller holds it, and serve their queues.

KEYS lock[]       hash    the locks of the token
ARGV token        string  proof of ownership
ARGV instance     string  that calls: its own waiters get their leases with this answer
ARGV floor        int     highest fence the caller has seen
ARGV ended_ttl_ms int     how long an ended lease is remembered
ARGV hold?        string  the stream that carried the lease was closed: only of this stream, and
                          its lock delay begins, as after an unclean end

RETURN next_ms expired claim_timeouts gone outcome ...
  1, held_ms, names, fence[], ...  released; then per waiter that is served with this answer: the
                                  number of its names, 1 where it has a key, its names, and
                                  the reply of granted in lib/claims.lua
  2, fence, how, reason, lost[]   ended: before, how is released (a repeat), expired or revoked
  3, lost[]                       not-owner: not a token of the lost names; none is named where
                                  another stream carries the lease

COST O(names), and O(64) waiters granted
]]
-- @use lib/advance.lua
-- @use lib/claims.lua
-- @use lib/save.lua
-- @use lib/tokens.lua
local token = ARGV[1]
local instance = ARGV[2]
local floor, ended_ttl_ms = tonumber(ARGV[3]), tonumber(ARGV[4])
local hold = ARGV[5]
local call = begin(KEYS[1], floor, ended_ttl_ms)
local locks = open_all(call, KEYS, token)
for _, lock in ipairs(locks) do reap(lock, token) end

local lost = find_lost(locks, token) -- @place ended-lease-of-a-release
local held_ms, fences = 0, {}
-- The other leases of a set are released even if one is lost.
for i, lock in ipairs(locks) do
  local lease = find_lease(lock, token) -- @place owner-check
  if lease and not lease.claim_by and (hold == '' or lease.hold == hold) then
    held_ms = math.max(held_ms, ms_since(lease.since))
    fences[#fences + 1] = lease.fence
    local delays = hold ~= '' and lease.lock_delay_ms and hold_count(lock, lease) == 1
    release_lease(lock, token, lease)
    -- A crash closes a stream as well, and requests of the holder may still be under way.
    if delays then lock.delay_ends = math.max(lock.delay_ends, now_us + lease.lock_delay_ms * 1000) end
  end
end
if not lost and #fences > 0 then call.instance = instance end
for _, lock in ipairs(locks) do advance(lock) end
if lost then return answer(call, lost_reply(locks, token, lost)) end
if #fences == 0 then return answer(call, { 3 }) end
local reply = { 1, held_ms, #fences, unpack(fences) }
for _, handed in ipairs(call.handed) do
  local lease = read_lease(handed.locks[1], handed.token)
  append(reply, { #handed.locks, lease.digest and 1 or 0 })
  for _, lock in ipairs(handed.locks) do reply[#reply + 1] = lock.name end
  append(reply, granted(handed.locks, 1, handed.token))
end
return answer(call, reply)
