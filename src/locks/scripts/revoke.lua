--[[
locks.revoke: ask the holders of a lock to give way, or end their leases; clear its lock delay.

KEYS lock[]       hash    the lock
ARGV reason       string  shown to the holders
ARGV grace_ms     int     time to give way; -1: ask only, 0: end now
ARGV fence        int     of the one lease to revoke, 0 for all
ARGV clear_delay  int     1: its lock delay ends, and with grace_ms 0 none begins
ARGV floor        int     highest fence the caller has seen
ARGV ended_ttl_ms int     how long an ended lease is remembered

RETURN next_ms expired claim_timeouts gone revoked asked
  revoked: tokens whose lease is over; asked: tokens whose holders are notified. This call ends and
  notifies 64 of them, and the next ones the others: next_ms is 1 then

COST O(64); of one lease O(its tokens)
]]
-- @use lib/advance.lua
-- @use lib/save.lua
local reason, grace_ms = ARGV[1], tonumber(ARGV[2])
local fence, clear_delay = tonumber(ARGV[3]), ARGV[4] == '1'
local floor, ended_ttl_ms = tonumber(ARGV[5]), tonumber(ARGV[6])
local call = begin(KEYS[1], floor, ended_ttl_ms)

-- Revokes all leases that are held now, at one moment. A second revocation may make the deadline
-- earlier, never later.
-- @param no_delay no lock delay follows
local function revoke_all(lock, at, reason, no_delay)
  local orders, newest = lock.revocations, redis.call('ZRANGE', part(lock, 'fences'), -1, -1, 'WITHSCORES')
  local upto = lock.sole ~= '' and read_lease(lock, lock.sole).fence or tonumber(newest[2])
  while orders[1] and orders[#orders].at >= at do table.remove(orders) end
  local order = { at = at, reason = reason, upto = upto, no_delay = no_delay or nil,
    notified = at > now_us and 0 or nil }
  orders[#orders + 1] = order
  lock.due, lock.dirty = math.min(lock.due, at), true
  return order
end

local lock = open_lock(call, name_of(call, KEYS[1]))
-- A freeing command first, so that a full Redis lets the others through.
redis.call('HDEL', lock.key, '')
advance(lock)
-- A release that stopped half way left the token of a holder without a record.
if lock.sole ~= '' and not read_lease(lock, lock.sole) then recount(lock) end
local before = call.revoked
local at = grace_ms < 0 and NEVER or now_us + grace_ms * 1000

local function revoke_one(token)
  local lease = read_lease(lock, token)
  if not lease or lease.fence ~= fence then return end
  lease.revoke, lease.revoke_at = reason, math.min(lease.revoke_at or at, at)
  change_lease(lock, token, lease)
  if grace_ms == 0 then end_if_over(lock, token, lease)
  else notify_holder(lock, token, lease) end
end

local order
if fence > 0 then
  local tokens = lock.sole ~= '' and { lock.sole } or tokens_of(lock, fence, -1)
  for _, token in ipairs(tokens) do revoke_one(token) end
elseif lock.count > 0 then
  order = revoke_all(lock, at, reason, clear_delay and grace_ms == 0)
end
if clear_delay then lock.delay_ends, lock.dirty = 0, true end
advance(lock)
local revoked, asked = call.revoked - before, call.asked
-- The rest is ended and notified later, but is revoked from now on.
if order and grace_ms == 0 then revoked = revoked + covered_by(lock, order) end
if order and order.notified then asked = asked + math.max(0, lock.count - order.notified) end
return answer(call, { revoked, asked })
