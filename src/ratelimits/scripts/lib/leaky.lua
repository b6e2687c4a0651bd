-- The leaky bucket as a queue: a call starts when all before it have leaked out.
-- a: limit; b: window in us; c: the longest delay in us.
-- @use bucket.lua
local leaky = { write = fill, refund = pay_back }

function leaky.evaluate(key, _, most, length, max_delay_us)
  local interval, max_delay = math.ceil(16 * length / most), 16 * max_delay_us
  -- The last call to start may take all of a window.
  local limit = read_bucket(key, interval, max_delay + most * interval)
  local surplus = debt_of(limit) - max_delay
  limit.allowed, limit.retry_us = surplus <= 0, us(math.max(0, surplus))
  limit.max_delay, limit.delay_us = max_delay, us(debt_of(limit)) -- @place wait-that-is-told
  return limit
end

-- Calls of cost 1 that would not have to wait too long; us until the queue is empty.
function leaky.describe(limit)
  local debt = debt_of(limit)
  local free = limit.max_delay - debt
  return free < 0 and 0 or math.floor(free / limit.interval) + 1, us(debt)
end
