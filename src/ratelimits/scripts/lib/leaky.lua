-- The leaky bucket as a queue: a call starts when all before it have had their time.
-- a: limit; b: window in us; c: the longest delay in us.
-- @use tat.lua
local leaky = { write = borrow, refund = pay_back }

function leaky.evaluate(key, cost, most, length, max_delay_us)
  local now, interval = now_16(), math.ceil(16 * length / most)
  local tat = read_tat(key, interval)
  local surplus = tat - now - 16 * max_delay_us
  return {
    key = key, tat = tat, cost = cost, interval = interval, length = length,
    allowed = surplus <= 0 and cost <= most,
    max_delay = 16 * max_delay_us, delay_us = us(tat - now),
    retry_us = cost > most and -1 or us(math.max(0, surplus)),
  }
end

-- Calls of cost 1 that would not have to wait too long; us until the queue is empty.
function leaky.describe(limit)
  local debt = limit.tat - now_16()
  local free = limit.max_delay - debt
  return free < 0 and 0 or math.floor(free / limit.interval) + 1, us(debt)
end
