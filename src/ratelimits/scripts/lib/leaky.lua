-- The leaky bucket as a queue: a call starts when the calls before it have leaked out.
-- a: limit; b: window in us; c: the longest delay in us.
-- @use bucket.lua
local leaky = { write = fill, refund = pay_back }

function leaky.evaluate(key, _, per_window, length, max_delay_us)
  local interval, max_delay = math.ceil(16 * length / per_window), 16 * max_delay_us
  -- The last call that starts may cost a whole window.
  local limit = read_bucket(key, interval, max_delay + per_window * interval)
  local surplus = debt_of(limit) - max_delay
  limit.allowed, limit.retry_us = surplus <= 0, us(math.max(0, surplus))
  limit.max_delay, limit.delay_us = max_delay, us(debt_of(limit)) -- @place wait-that-is-answered
  return limit
end

-- Remaining: calls of cost 1 that would wait no longer than max_delay.
function leaky.describe(limit)
  local debt = debt_of(limit)
  local free = limit.max_delay - debt
  return free < 0 and 0 or math.floor(free / limit.interval) + 1, us(debt)
end
