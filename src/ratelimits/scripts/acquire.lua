--[[
ratelimits.acquire: grant a lease, if the weight of the live ones leaves room for it.

KEYS state      zset    lib/leases.lua
KEYS exception  string  lib/exception.lua
KEYS record?    string  idempotency record: lib/record.lua
ARGV lease      string  id of the lease to grant: "<random>.<weight>"
ARGV weight     int
ARGV limit      int     total weight of live leases
ARGV lease_ms   int     lifetime of a lease that is not renewed
ARGV fingerprint  string  of the request, '' without an idempotency key
ARGV record_ttl_ms  int     how long the idempotency record is kept

RETURN outcome lease left_us used limit reset_us retry_us blocked
  0  denied: no room; retry_us until enough leases have expired, -1 if the weight never fits
  1  granted
  2  replayed: granted before, to a request with the same key
  3  conflict: the idempotency key belongs to another request; the rest is 0
  4  over: granted before to a request with the same key, and expired or released since
  limit is the override of this subject, or that of the policy; reset_us until the last lease expires

COST O(log leases), and the leases that expired since the last call
MEMORY grows
]]
-- @use lib/leases.lua
-- @use lib/exception.lua
-- @use lib/record.lua
local key, record_key, lease, weight = KEYS[1], KEYS[3], ARGV[1], tonumber(ARGV[2])
local capacity, lease_ms = tonumber(ARGV[3]), tonumber(ARGV[4])
local fingerprint, record_ttl_ms = ARGV[5], tonumber(ARGV[6])

local before, foreign = recall(record_key, fingerprint)
if foreign then return { 3, '', 0, 0, 0, 0, 0, 0 } end
local exception, policy_capacity = read_exception(KEYS[2]), capacity
if exception and exception.limit > 0 then capacity = exception.limit end
local is_blocked = exception and exception.blocked_until > 0
local used = live_weight(key)

if before then
  local till = tonumber(redis.call('ZSCORE', key, before) or 0)
  local outcome = till > 0 and 2 or 4
  return { outcome, before, math.max(0, till - now_us), used, capacity, keep_leases(key), 0, 0 }
end

-- us until leases of this weight have expired.
local function until_ended(surplus)
  local leases = redis.call('ZRANGEBYSCORE', key, FIRST_TIME, '+inf', 'WITHSCORES', 'LIMIT', 0, surplus)
  local ended, till = 0, now_us
  for at = 1, #leases, 2 do
    if ended >= surplus then break end
    ended, till = ended + weight_of(leases[at]), tonumber(leases[at + 1])
  end
  return till - now_us
end

if weight > capacity or used + weight > capacity or is_blocked then
  local retry_us = weight > capacity and -1 or until_ended(math.max(0, used + weight - capacity))
  local is_for_policy = weight > capacity and weight <= policy_capacity
  if exception then retry_us = retry_with(exception, retry_us, is_for_policy) end
  return { 0, '', 0, used, capacity, keep_leases(key), retry_us, is_blocked and 1 or 0 }
end

redis.call('ZADD', key, string.format('%.0f', now_us + lease_ms * 1000), lease)
redis.call('ZINCRBY', key, weight, 'used')
remember(record_key, fingerprint, lease, record_ttl_ms)
return { 1, lease, lease_ms * 1000, used + weight, capacity, keep_leases(key), 0, 0 }
