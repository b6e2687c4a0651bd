-- One limit of one subject, with what holds for that subject alone. Every algorithm has
--   evaluate(key, cost, a, b, c)   reads the state: allowed; retry_us, -1 for what can never be
--   write(limit)                   consumes limit.cost, also where it is not allowed: a debt
--   refund(limit, cost, taken_us)  takes from the newest usage; what was given back
--   describe(limit)                remaining cost; us until nothing is consumed any more
--   override(a, b, c, most, burst) a, b, c with another limit; where it is missing, a is the limit
-- A limit of `leaky` has delay_us as well: how long what is taken next must wait.
-- @use tat.lua
-- @use leaky.lua
-- @use window.lua
-- @use sliding.lua
-- @use log.lua
-- @use listed.lua
-- @use exception.lua
local algorithms = { g = gcra, l = leaky, w = window, f = window, c = calendar, s = sliding, e = log }
-- Subjects that the policy names.
algorithms.allow, algorithms.deny = listed(true), listed(false)

-- Nothing where a calendar's windows are not those around now: the caller must ask with others.
local function evaluate_limit(key, exception_key, kind, cost, a, b, c)
  local algorithm, own = algorithms[kind], read_exception(exception_key)
  if own and own.most > 0 then
    if algorithm.override then a, b, c = algorithm.override(a, b, c, own.most, own.burst)
    else a = own.most end
  end
  local limit = algorithm.evaluate(key, cost, a, b, c)
  if not limit then return nil end
  limit.algorithm, limit.override, limit.blocked = algorithm, own and own.most or 0, 0
  if own and own.blocked > 0 then
    limit.allowed, limit.blocked = false, 1
    if limit.retry_us >= 0 then limit.retry_us = math.max(limit.retry_us, own.blocked - now_us) end
  end
  return limit
end

-- Puts behind a reply: allowed remaining reset_us retry_us granted override blocked delay_us
local function tell_limit(reply, limit, granted, delay_us)
  local at, remaining, reset_us = #reply, limit.algorithm.describe(limit)
  reply[at + 1], reply[at + 2], reply[at + 3] = limit.allowed and 1 or 0, remaining, reset_us
  reply[at + 4], reply[at + 5] = limit.allowed and 0 or limit.retry_us, granted
  reply[at + 6], reply[at + 7], reply[at + 8] = limit.override, limit.blocked, delay_us
end
