-- The exact log of what was admitted. State: a LIST total, time, total, time, total ...: the time in
-- us of each entry and what had been consumed in all after it; the first total is that before the
-- oldest entry. So a sum over any span is a difference of two, and an entry takes about 20 bytes.

-- a: limit; b: window in us.
local log = {}

local function time_of(key, entry) return tonumber(redis.call('LINDEX', key, 2 * entry - 1)) end
local function total_of(key, entry) return tonumber(redis.call('LINDEX', key, 2 * entry)) end

-- The first entry of 1 .. count of which `holds` is true; count + 1 where none.
local function first_where(count, holds)
  local low, high = 1, count + 1
  while low < high do
    local middle = math.floor((low + high) / 2)
    if holds(middle) then high = middle else low = middle + 1 end
  end
  return low
end

-- Entries of the future are from before the clock stepped back: they become one of now.
-- @return how many entries there are then
local function merge_ahead(key, count)
  if count == 0 or time_of(key, count) <= now_us then return count end -- @place entries-of-the-future
  local first = first_where(count, function(entry) return time_of(key, entry) > now_us end)
  local total = total_of(key, count)
  redis.call('LTRIM', key, 0, 2 * (first - 1))
  redis.call('RPUSH', key, string.format('%.0f', now_us), string.format('%.0f', total))
  return first
end

-- Until the entry has left after which the cost fits.
local function retry_of_log(limit, cost)
  local surplus = limit.total + cost - limit.most
  if limit.base >= surplus then return 0 end
  local entry = first_where(limit.count, function(at) return total_of(limit.key, at) >= surplus end)
  return time_of(limit.key, entry) + limit.length - now_us
end

function log.evaluate(key, cost, most, length)
  local count = merge_ahead(key, math.floor(redis.call('LLEN', key) / 2))
  local limit = { key = key, most = most, length = length, count = count, base = 0, total = 0 }
  limit.live = first_where(count, function(entry) return time_of(key, entry) > now_us - length end) -- @place length-of-the-log
  if count > 0 then
    limit.base, limit.total = total_of(key, limit.live - 1), total_of(key, count)
    limit.newest = time_of(key, count)
  end
  limit.retry_us = retry_of_log(limit, cost)
  limit.allowed = limit.retry_us == 0
  return limit
end

-- What has left the window goes; the last total before it stays as the first.
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

-- The newest entries go, and the one before them keeps what is left of it.
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
  return math.max(0, limit.most - used), used == 0 and 0 or limit.newest + limit.length - now_us
end
