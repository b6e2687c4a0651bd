-- The bucket as a limit of its own: what fits into it is allowed at once.
-- a: interval; b: burst, in cost; c: window in us.
-- @use bucket.lua
local gcra = { write = fill, refund = pay_back }

function gcra.largest(_, burst) return burst end

function gcra.override(_, own, length, most, burst)
  local interval = math.ceil(16 * length / most)
  return interval, math.min(burst > 0 and burst or own, math.floor(FARTHEST / interval)), length
end

function gcra.evaluate(key, cost, interval, burst)
  local limit = read_bucket(key, interval, burst * interval)
  local surplus = debt_of(limit) + cost * interval - limit.room
  limit.allowed, limit.retry_us = surplus <= 0, us(math.max(0, surplus))
  return limit
end

-- remaining cost; us until nothing is consumed any more
function gcra.describe(limit)
  local debt = debt_of(limit)
  return math.max(0, math.floor((limit.room - debt) / limit.interval)), us(debt)
end
