--[[
locks.revoke: ask the holders of a lock to give way, or end their leases; clear its lock delay.

KEYS lock[]       hash    the lock
ARGV reason       string  shown to the holders
ARGV grace_ms     int     time to give way; -1: ask only, 0: end now
ARGV fence        int     of the lease that is meant, 0 for all
ARGV clear_delay  int     1: the name does not cool down
ARGV now_guard    int     the caller's estimate of the server's clock in us, 0 for none
ARGV floor        int     highest fence the caller has seen
ARGV ended_ttl_ms int     how long an ended lease is remembered

RETURN next_ms expired lapsed revoked asked
  revoked and asked: tokens ended and tokens told

COST O(holders)
]]
-- @use lib/acquire.lua
local reason, grace_ms = ARGV[1], tonumber(ARGV[2])
local fence, clear_delay = tonumber(ARGV[3]), ARGV[4] == '1'
local now_guard, floor, ended_ttl_ms = tonumber(ARGV[5]), tonumber(ARGV[6]), tonumber(ARGV[7])
local call = begin(KEYS[1], now_guard, floor, ended_ttl_ms)
local lock = open_lock(call, name_of(call, KEYS[1]))
-- A freeing command first: this must work on a full Redis.
redis.call('HDEL', lock.key, '')
advance(lock)
local tokens = {}
if lock.sole ~= '' then tokens = { lock.sole }
elseif lock.count > 0 then tokens = redis.call('ZRANGE', part(lock, 'holders'), 0, -1) end
local revoked, asked = 0, 0
for _, token in ipairs(tokens) do
  local lease = read_lease(lock, token)
  if not lease then recount(lock)
  elseif fence > 0 and lease.fence ~= fence then lease = nil
  -- Given back before; only its minimal hold keeps the name taken.
  elseif grace_ms == 0 and lease.released then end_by_time(lock, token, lease, now_us)
  elseif grace_ms == 0 then
    end_lease(lock, token, lease, 'revoked', now_us, reason)
    revoked = revoked + 1
  else
    -- Asking again may bring the end nearer, never move it away.
    local at = grace_ms > 0 and now_us + grace_ms * 1000 or 9007199254740991
    lease.revoke, lease.revoke_at = reason, math.min(lease.revoke_at or at, at)
    change_lease(lock, token, lease)
    tell_stream(lease, token)
    -- Nobody is there to ask after a release; the name is free after the grace all the same.
    if not lease.released then asked = asked + 1 end
  end
end
if clear_delay then lock.cool, lock.dirty = 0, true end
advance(lock)
return answer(call, { revoked, asked })
