-- GCRA: a call is allowed if its cost fits into the bucket.
-- a: interval; b: burst, in cost; c: window in us.
-- @use bucket.lua
local gcra = { write = fill, refund = pay_back }

function gcra.largest(_, burst) return burst end

function gcra.override(_, policy_burst, length, per_window, burst)
  local interval = math.ceil(16 * length / per_window)
  return interval, math.min(burst > 0 and burst or policy_burst, math.floor(FARTHEST / interval)), length
end

function gcra.evaluate(key, cost, interval, burst)
  local limit = read_bucket(key, interval, burst * interval)
  local surplus = debt_of(limit) + cost * interval - limit.room
  limit.allowed, limit.retry_us = surplus <= 0, us(math.max(0, surplus))
  return limit
end

function gcra.describe(limit)
  local debt = debt_of(limit)
  return math.max(0, math.floor((limit.room - debt) / limit.interval)), us(debt)
end
