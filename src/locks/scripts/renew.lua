--[[
locks.renew: extend a lease, on all its locks or on none. Never shortens it, never revives it.

KEYS lock[]       hash    the locks of the token
ARGV token        string  proof of ownership
ARGV ttl_ms       int     wanted time from now, 0 for the lease's own length
ARGV floor        int     highest fence the caller has seen
ARGV ended_ttl_ms int     how long an ended lease is remembered
ARGV hold?        string  the stream that renews; it must be the one that carries the lease
ARGV takes?       int     1: from now on this stream carries it

RETURN next_ms expired claim_timeouts gone outcome ...
  1, left, revoke_in, reason, fence[]  renewed; revoke_in is -1 unless asked to give way
  2, fence, how, reason, lost[]        ended: on the lost names; how: expired, released or revoked
  3, lost[]                            not-owner: not a token of the lost names; none is named where
                                       another stream carries the lease

COST O(names)
]]
-- @use lib/advance.lua
-- @use lib/save.lua
-- @use lib/tokens.lua
local token, ttl_ms = ARGV[1], tonumber(ARGV[2])
local floor, ended_ttl_ms = tonumber(ARGV[3]), tonumber(ARGV[4])
local hold, takes = ARGV[5], ARGV[6] == '1'
local call = begin(KEYS[1], floor, ended_ttl_ms)
local locks = open_all(call, KEYS, token)
for _, lock in ipairs(locks) do advance(lock, token) end

local lost = find_lost(locks, token)
if lost then return answer(call, lost_reply(locks, token, lost)) end -- @place ended-lease-of-a-renewal
if hold ~= '' and not takes and find_lease(locks[1], token).hold ~= hold then return answer(call, { 3 }) end

local left, revoke_in, reason, fences = NEVER, -1, '', {}
for i, lock in ipairs(locks) do
  -- First, because a full Redis refuses HSET but lets it through after a PEXPIRE.
  redis.call('PEXPIRE', lock.key, ttl_ms + KEEP_MS, 'GT')
  local lease = find_lease(lock, token)
  local wanted = now_us + (ttl_ms > 0 and ttl_ms or lease.ttl_ms or 0) * 1000
  if takes then
    notify_stream(lease, token)
    lease.hold = hold
    change_lease(lock, token, lease)
  end
  wanted = math.min(wanted, lease.hold_until or wanted)
  -- A late duplicate with a shorter time must not take back what a newer renewal promised. A lease
  -- that lasts as long as its session has no end of its own.
  if lease.ends and wanted > lease.ends then
    lease.ends = wanted
    change_lease(lock, token, lease)
  end
  local revoke_at, why = revocation_of(lock, lease)
  if revoke_at then revoke_in, reason = ms_left(revoke_at), why end
  left = math.min(left, deadline_of(lock, lease))
  fences[i] = lease.fence
end
return answer(call, { 1, ms_left(left), revoke_in, reason, unpack(fences) })
