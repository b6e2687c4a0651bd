-- One limit of one subject, with what holds for that subject alone. Every algorithm has
--   evaluate(key, cost, a, b, c)   reads the state: allowed, retry_us
--   write(limit)                   consumes limit.cost, also where it is not allowed: a debt
--   refund(limit, cost, taken_us, until_us)  takes from the newest usage; what was given back. The
--     cost was consumed at taken_us, and counts until until_us, where that is known
--   describe(limit)                remaining cost; us until nothing is consumed any more
--   largest(a, b)                  the largest cost of one call; where it is missing, a
--   override(a, b, c, most, burst) a, b, c with another limit; where it is missing, a is the limit
-- A limit of `leaky` has delay_us as well: how long what is taken next must wait.
-- @use gcra.lua
-- @use leaky.lua
-- @use window.lua
-- @use sliding.lua
-- @use log.lua
-- @use listed.lua
-- @use exception.lua
local algorithms = { g = gcra, l = leaky, w = window, f = window, c = calendar, s = sliding, e = log }
-- Subjects that the policy names.
algorithms.allow, algorithms.deny = listed(true), listed(false)

local function largest_of(algorithm, a, b) return algorithm.largest and algorithm.largest(a, b) or a end

-- Nothing where a calendar's windows are not those around now: the caller must ask with others.
local function evaluate_limit(key, exception_key, kind, cost, a, b, c)
  local algorithm, own = algorithms[kind], read_exception(exception_key)
  local largest = largest_of(algorithm, a, b)
  local most = largest
  if own and own.most > 0 then
    if algorithm.override then a, b, c = algorithm.override(a, b, c, own.most, own.burst)
    else a = own.most end
    most = largest_of(algorithm, a, b)
  end
  local limit = algorithm.evaluate(key, math.min(cost, most), a, b, c)
  if not limit then return nil end
  limit.algorithm, limit.cost, limit.largest = algorithm, cost, most
  limit.override, limit.blocked = own and own.most or 0, own and own.blocked > 0 and 1 or 0
  if cost > most then limit.allowed, limit.retry_us = false, -1 end
  if limit.blocked == 1 then limit.allowed = false end
  if own then limit.retry_us = retry_with(own, limit.retry_us, cost > most and cost <= largest) end
  return limit
end

-- Consumes limit.cost, or says that Redis is full. It refuses the first write of a script alone, so
-- nothing was consumed then of any limit.
local function consume(limit)
  local is_written, fault = pcall(limit.algorithm.write, limit)
  local text = type(fault) == 'table' and fault.err or fault
  if not is_written and not string.find(text, '^OOM ') then error(fault, 0) end
  return is_written
end

-- Puts behind a reply: allowed remaining reset_us retry_us granted override blocked delay_us
local function tell_limit(reply, limit, granted, delay_us)
  local at, remaining, reset_us = #reply, limit.algorithm.describe(limit)
  reply[at + 1], reply[at + 2], reply[at + 3] = limit.allowed and 1 or 0, remaining, reset_us
  reply[at + 4], reply[at + 5] = limit.allowed and 0 or limit.retry_us, granted
  reply[at + 6], reply[at + 7], reply[at + 8] = limit.override, limit.blocked, delay_us
end
