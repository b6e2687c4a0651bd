-- Leases of one subject: a ZSET of "<random>.<weight>", scored by the time in us at which each ends.
-- The member `used` is scored by the sum of the weights, which is smaller than any time.
local FIRST_TIME = 1e9

local function weight_of(lease) return tonumber(string.match(lease, '%d+$')) end

-- Removes expired leases. @return the weight of those that remain
local function live_weight(key)
  local over = redis.call('ZRANGEBYSCORE', key, FIRST_TIME, now_us)
  local used = tonumber(redis.call('ZSCORE', key, 'used') or 0)
  if #over == 0 then return used end
  local weight = 0
  for _, lease in ipairs(over) do weight = weight + weight_of(lease) end -- @place weight-of-ended-leases
  redis.call('ZREMRANGEBYSCORE', key, FIRST_TIME, now_us)
  redis.call('ZINCRBY', key, -weight, 'used')
  return used - weight
end

-- Lets the key expire with the last lease. @return us until then
local function keep_leases(key)
  local last = redis.call('ZRANGE', key, -1, -1, 'WITHSCORES')
  if #last == 0 or last[1] == 'used' then
    redis.call('UNLINK', key)
    return 0
  end
  local left_us = tonumber(last[2]) - now_us
  redis.call('PEXPIRE', key, math.ceil(left_us / 1000))
  return left_us
end
