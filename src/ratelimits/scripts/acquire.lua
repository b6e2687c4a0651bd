--[[
ratelimits.acquire: take a lease, if the weight of those that live leaves room for it.

KEYS state      zset    lib/leases.lua
KEYS exception  string  lib/exception.lua
KEYS record?    string  what a request with this idempotency key did
ARGV lease      string  the lease, should there be room: "<random>.<weight>"
ARGV weight     int
ARGV limit      int     weight that may live at once
ARGV lease_ms   int     how long a lease lives unless it is renewed
ARGV fingerprint  string  of the request, '' without an idempotency key
ARGV record_ttl_ms  int     how long the idempotency record is kept

RETURN outcome lease left_us used limit reset_us retry_us blocked
  0  denied: no room; retry_us until enough leases have ended by themselves, -1 where that never helps
  1  granted
  2  replayed: granted before, to a request with the same key
  3  conflict: the idempotency key belongs to another request; the rest is 0
  4  over: granted before to a request with the same key, and over by now
  limit is the one that holds for this subject; reset_us until the last lease ends by itself

COST O(log leases), and what has ended since the last call
MEMORY grows
]]
-- @use lib/leases.lua
-- @use lib/exception.lua
-- @use lib/record.lua
local key, record_key, lease, weight = KEYS[1], KEYS[3], ARGV[1], tonumber(ARGV[2])
local most, lease_ms, fingerprint, record_ttl_ms = tonumber(ARGV[3]), tonumber(ARGV[4]), ARGV[5], tonumber(ARGV[6])

local before, foreign = recall(record_key, fingerprint)
if foreign then return { 3, '', 0, 0, 0, 0, 0, 0 } end
local own, policy_most = read_exception(KEYS[2]), most
if own and own.most > 0 then most = own.most end
local is_blocked = own and own.blocked > 0
local used = live_weight(key)

if before then
  local till = tonumber(redis.call('ZSCORE', key, before) or 0)
  local outcome = till > 0 and 2 or 4
  return { outcome, before, math.max(0, till - now_us), used, most, keep_leases(key), 0, 0 }
end

-- Until leases of this weight have ended by themselves.
local function until_ended(surplus)
  local leases = redis.call('ZRANGEBYSCORE', key, FIRST_TIME, '+inf', 'WITHSCORES', 'LIMIT', 0, surplus)
  local ended, till = 0, now_us
  for at = 1, #leases, 2 do
    if ended >= surplus then break end
    ended, till = ended + weight_of(leases[at]), tonumber(leases[at + 1])
  end
  return till - now_us
end

if weight > most or used + weight > most or is_blocked then
  local retry_us = weight > most and -1 or until_ended(math.max(0, used + weight - most))
  if own then retry_us = retry_with(own, retry_us, weight > most and weight <= policy_most) end
  return { 0, '', 0, used, most, keep_leases(key), retry_us, is_blocked and 1 or 0 }
end

redis.call('ZADD', key, string.format('%.0f', now_us + lease_ms * 1000), lease)
redis.call('ZINCRBY', key, weight, 'used')
remember(record_key, fingerprint, lease, record_ttl_ms)
return { 1, lease, lease_ms * 1000, used + weight, most, keep_leases(key), 0, 0 }
