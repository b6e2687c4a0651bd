-- Fixed windows. State "<start>:<window>:<count>", times in us: the start stands in the value, so
-- that names of keys never depend on time.

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

-- @param is_ahead  the window begins later: the clock has stepped back since. What was counted then
-- counts now, and ends with the window of now; a full Redis has to do without.
local function in_window(key, cost, most, start, length, count, is_ahead)
  local limit = { key = key, start = start, length = length, count = count, most = most }
  if is_ahead then store_window(limit, redis.pcall) end
  limit.allowed = count + cost <= most
  limit.retry_us = limit.allowed and 0 or start + length - now_us
  return limit
end

-- a: limit; b: window in us; c: 0 aligned with the epoch, 1 from the first hit.
local window = {}

function window.evaluate(key, cost, most, length, from_first_hit)
  local start, stored, count = read_window(key)
  local current = from_first_hit == 1 and now_us or now_us - now_us % length
  -- Another length starts afresh; another limit keeps what was consumed.
  if not start or stored ~= length or now_us >= start + length then -- @place end-of-a-window
    return in_window(key, cost, most, current, length, 0)
  end
  local is_ahead = start > now_us -- @place window-of-the-future
  return in_window(key, cost, most, is_ahead and current or start, length, count, is_ahead)
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
  return math.max(0, limit.most - limit.count), reset
end

-- Windows of a calendar. The caller knows the calendar and the script the time: it picks the window,
-- so a process whose clock is off cannot count into the wrong day.
-- a: limit; b: the starts of windows in a row, each the end of the one before: ms, with spaces.
local calendar = { write = window.write, refund = window.refund, describe = window.describe }

-- Nothing where now lies in none of them.
function calendar.evaluate(key, cost, most, starts)
  local start
  for ms in string.gmatch(starts, '%d+') do
    local stop = tonumber(ms) * 1000
    if start and now_us >= start and now_us < stop then
      local known, length, count = read_window(key)
      local is_ahead = known and known > now_us
      if not is_ahead and (known ~= start or length ~= stop - start) then count = 0 end -- @place calendar-window-goes-on
      return in_window(key, cost, most, start, stop - start, count, is_ahead)
    end
    start = stop
  end
end
