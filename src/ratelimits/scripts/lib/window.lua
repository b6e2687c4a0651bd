-- Fixed windows. State "<start>:<window>:<count>", times in us. The start is in the value, so that key
-- names never depend on time.

local function read_window(key)
  local state = redis.call('GET', key)
  local start, length, count = string.match(state or '', '^(%d+):(%d+):(%d+)$')
  return tonumber(start), tonumber(length), tonumber(count)
end

local function store_window(limit, call)
  if limit.count == 0 then return call('DEL', limit.key) end
  local ms = math.max(1, math.ceil((limit.start + limit.length - now_us) / 1000))
  return call('SET', limit.key,
    string.format('%.0f:%.0f:%.0f', limit.start, limit.length, limit.count), 'PX', ms)
end

-- @param is_ahead  the stored window begins later: the clock has stepped back. Its count moves to the
-- window of now, and ends with it. pcall because Redis may be full.
local function in_window(key, cost, capacity, start, length, count, is_ahead)
  local limit = { key = key, start = start, length = length, count = count, capacity = capacity }
  if is_ahead then store_window(limit, redis.pcall) end
  limit.allowed = count + cost <= capacity
  limit.retry_us = limit.allowed and 0 or start + length - now_us
  return limit
end

-- a: limit; b: window in us; c: 0 aligned with the epoch, 1 from the first hit
local window = {}

function window.evaluate(key, cost, capacity, length, from_first_hit)
  local start, stored, count = read_window(key)
  local current = from_first_hit == 1 and now_us or now_us - now_us % length
  -- A changed length starts afresh; a changed limit keeps the count.
  if not start or stored ~= length or now_us >= start + length then -- @place end-of-a-window
    return in_window(key, cost, capacity, current, length, 0)
  end
  local is_ahead = start > now_us -- @place window-of-the-future
  return in_window(key, cost, capacity, is_ahead and current or start, length, count, is_ahead)
end

function window.write(limit)
  limit.count = limit.count + limit.cost -- @place count-of-a-window
  store_window(limit, redis.call)
end

function window.refund(limit, cost, taken_us)
  if taken_us < limit.start then return 0 end
  local refunded = math.min(cost, limit.count)
  limit.count = limit.count - refunded
  store_window(limit, redis.call)
  return refunded
end

function window.describe(limit)
  local reset = limit.count == 0 and 0 or limit.start + limit.length - now_us
  return math.max(0, limit.capacity - limit.count), reset
end

-- Windows of a calendar. The service computes them and the script picks one by the time of Redis, so a
-- process whose clock is off cannot count into the wrong day.
-- a: limit; b: the starts of consecutive windows in ms, separated by spaces; each ends the one before.
local calendar = { write = window.write, refund = window.refund, describe = window.describe }

-- nil if now is in none of them.
function calendar.evaluate(key, cost, capacity, starts)
  local start
  for ms in string.gmatch(starts, '%d+') do
    local stop = tonumber(ms) * 1000
    if start and now_us >= start and now_us < stop then
      local known, length, count = read_window(key)
      local is_ahead = known and known > now_us
      if not is_ahead and (known ~= start or length ~= stop - start) then count = 0 end -- @place calendar-window-goes-on
      return in_window(key, cost, capacity, start, stop - start, count, is_ahead)
    end
    start = stop
  end
end
