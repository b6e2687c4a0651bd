-- An exact log of the admitted calls.
-- a: limit; b: window in us.
-- @use entries.lua
local log = {}

-- us until enough entries have left the window for the cost to fit.
local function retry_of_log(limit, cost)
  local surplus = limit.total + cost - limit.capacity
  if limit.base >= surplus then return 0 end
  local entry = first_where(limit.count, function(at) return total_of(limit.key, at) >= surplus end)
  return time_of(limit.key, entry) + limit.length - now_us
end

function log.evaluate(key, cost, capacity, length)
  local count = merge_ahead(key, math.floor(redis.call('LLEN', key) / 2))
  local limit = { key = key, capacity = capacity, length = length, count = count, base = 0, total = 0 }
  limit.live = first_where(count, function(entry) return time_of(key, entry) > now_us - length end) -- @place length-of-the-log
  if count > 0 then
    limit.base, limit.total = total_of(key, limit.live - 1), total_of(key, count)
    limit.newest = time_of(key, count)
  end
  limit.retry_us = retry_of_log(limit, cost)
  limit.allowed = limit.retry_us == 0
  return limit
end

-- Removes the entries that have left the window; the last total before them becomes the first.
local function store_log(limit)
  if limit.total == limit.base then return redis.call('UNLINK', limit.key) end
  redis.call('LTRIM', limit.key, 2 * (limit.live - 1), -1)
  local ms = math.ceil((limit.newest + limit.length - now_us) / 1000)
  return redis.call('PEXPIRE', limit.key, ms)
end

function log.write(limit)
  limit.total, limit.newest = limit.total + limit.cost, now_us
  if limit.count == 0 then redis.call('RPUSH', limit.key, 0) end
  redis.call('RPUSH', limit.key, string.format('%.0f', now_us), string.format('%.0f', limit.total))
  store_log(limit)
end

-- Removes the newest entries; the last one that remains may shrink.
function log.refund(limit, cost, taken_us)
  if taken_us <= now_us - limit.length then return 0 end
  local refunded = math.min(cost, limit.total - limit.base)
  limit.total = limit.total - refunded
  local last = first_where(limit.count, function(at) return total_of(limit.key, at) >= limit.total end)
  if last <= limit.count and refunded > 0 then
    limit.newest = time_of(limit.key, last)
    redis.call('LTRIM', limit.key, 0, 2 * last)
    redis.call('LSET', limit.key, -1, string.format('%.0f', limit.total))
  end
  store_log(limit)
  return refunded
end

function log.describe(limit)
  local used = limit.total - limit.base
  return math.max(0, limit.capacity - used), used == 0 and 0 or limit.newest + limit.length - now_us
end
