-- Fixed windows. State "<start>:<window>:<count>", times in us: the start stands in the value, so
-- that names of keys never depend on time.

-- a: limit; b: window in us; c: 0 aligned with the epoch, 1 from the first hit.
local window = {}

function window.evaluate(key, cost, most, length, from_first_hit)
  local state = redis.call('GET', key)
  local start, stored, count = string.match(state or '', '^(%d+):(%d+):(%d+)$')
  start, count = tonumber(start), tonumber(count)
  -- Another length starts afresh; another limit keeps what was consumed.
  if not start or tonumber(stored) ~= length or now_us >= start + length or now_us < start then
    start = from_first_hit == 1 and now_us or now_us - now_us % length
    count = 0
  end
  return {
    key = key, start = start, length = length, count = count, cost = cost, most = most,
    allowed = count + cost <= most,
    retry_us = cost > most and -1 or (count + cost <= most and 0 or start + length - now_us),
  }
end

local function store_window(limit)
  if limit.count == 0 then return redis.call('DEL', limit.key) end
  local ms = math.max(1, math.ceil((limit.start + limit.length - now_us) / 1000))
  return redis.call('SET', limit.key,
    string.format('%.0f:%.0f:%.0f', limit.start, limit.length, limit.count), 'PX', ms)
end

function window.write(limit)
  limit.count = limit.count + limit.cost
  store_window(limit)
end

function window.refund(limit, cost, taken_us)
  if taken_us < limit.start then return 0 end
  local refunded = math.min(cost, limit.count)
  limit.count = limit.count - refunded
  store_window(limit)
  return refunded
end

function window.describe(limit)
  local reset = limit.count == 0 and 0 or limit.start + limit.length - now_us
  return math.max(0, limit.most - limit.count), reset
end
