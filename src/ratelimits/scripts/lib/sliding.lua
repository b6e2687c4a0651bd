-- A sliding window of buckets of equal width: the newest N count in full; the one before them counts by
-- the share of it that the window still covers (weighted), or in full (strict).
-- a: limit; b: width of a bucket in us; c: number of buckets, negative for strict.
-- @use buckets.lua
local sliding = {}

-- The usage once `passed` more buckets have begun and `elapsed` us of the newest have passed.
local function used_of(limit, passed, elapsed)
  local full = 0
  for i = 1, limit.buckets - passed do full = full + limit.counts[i] end
  local oldest = limit.counts[limit.buckets - passed + 1] or 0
  if limit.strict then return full + oldest, full, oldest end -- @place oldest-bucket-counts
  return full + math.ceil(oldest * (limit.width - elapsed) / limit.width), full, oldest
end

-- us until the cost fits, if no other call is admitted.
local function retry_of(limit, cost)
  for passed = 0, limit.buckets + 1 do
    local elapsed = passed == 0 and limit.elapsed or 0
    local used, full, oldest = used_of(limit, passed, elapsed)
    local room = limit.capacity - cost - full
    if not limit.strict and used + cost > limit.capacity and room > 0 then
      elapsed = limit.width - math.floor(room * limit.width / oldest)
      used = used_of(limit, passed, elapsed)
    end
    if used + cost <= limit.capacity and elapsed < limit.width then
      return passed * limit.width + elapsed - limit.elapsed
    end
  end
end

function sliding.evaluate(key, cost, capacity, width, mode)
  local index = math.floor(now_us / width)
  local limit = {
    key = key, index = index, width = width, capacity = capacity,
    buckets = math.abs(mode), strict = mode < 0, elapsed = now_us - index * width,
  }
  local is_ahead
  limit.counts, is_ahead = read_buckets(key, index, width, limit.buckets)
  -- Stored even if the call is denied: else its retry time would begin after the step only.
  if is_ahead then store_buckets(limit, redis.pcall) end
  limit.retry_us = retry_of(limit, cost)
  limit.allowed = limit.retry_us == 0
  return limit
end

function sliding.write(limit)
  limit.counts[1] = limit.counts[1] + limit.cost
  store_buckets(limit, redis.call)
end

function sliding.refund(limit, cost, taken_us)
  if taken_us < (limit.index - limit.buckets) * limit.width then return 0 end
  local left = cost
  for i, count in ipairs(limit.counts) do
    local part = math.min(left, count)
    limit.counts[i], left = count - part, left - part
  end
  store_buckets(limit, redis.call)
  return cost - left
end

function sliding.describe(limit)
  local used = used_of(limit, 0, limit.elapsed)
  return math.max(0, limit.capacity - used), reset_of(limit)
end
