-- One limit of one subject, with the exception of that subject. Every algorithm has
--   evaluate(key, cost, a, b, c)   reads the state; sets allowed and retry_us
--   write(limit)                   consumes limit.cost, even when it is not allowed: that is a debt
--   refund(limit, cost, taken_us, until_us)  gives back the newest usage and returns how much. The
--     cost was consumed at taken_us and counts until until_us, when that is known
--   describe(limit)                remaining cost; us until the usage is zero
--   largest(a, b)                  the largest cost of one call; without this function: a
--   override(a, b, c, limit, burst) a, b, c for another limit; without this function: a is replaced
-- A limit of `leaky` also has delay_us: how long the next call must wait.
-- @use gcra.lua
-- @use leaky.lua
-- @use window.lua
-- @use sliding.lua
-- @use log.lua
-- @use listed.lua
-- @use exception.lua
local algorithms = { g = gcra, l = leaky, w = window, f = window, c = calendar, s = sliding, e = log }
-- Subjects on a list of the policy.
algorithms.allow, algorithms.deny = listed(true), listed(false)

local function largest_of(algorithm, a, b) return algorithm.largest and algorithm.largest(a, b) or a end

-- nil when the calendar windows in b do not contain the present: the caller must send others.
local function evaluate_limit(key, exception_key, kind, cost, a, b, c)
  local algorithm, exception = algorithms[kind], read_exception(exception_key)
  local policy_largest = largest_of(algorithm, a, b)
  local largest = policy_largest
  if exception and exception.limit > 0 then
    if algorithm.override then a, b, c = algorithm.override(a, b, c, exception.limit, exception.burst)
    else a = exception.limit end
    largest = largest_of(algorithm, a, b)
  end
  local limit = algorithm.evaluate(key, math.min(cost, largest), a, b, c)
  if not limit then return nil end
  limit.algorithm, limit.cost, limit.largest = algorithm, cost, largest
  limit.override = exception and exception.limit or 0
  limit.blocked = exception and exception.blocked_until > 0 and 1 or 0
  if cost > largest then limit.allowed, limit.retry_us = false, -1 end
  if limit.blocked == 1 then limit.allowed = false end
  local is_for_policy = cost > largest and cost <= policy_largest
  if exception then limit.retry_us = retry_with(exception, limit.retry_us, is_for_policy) end
  return limit
end

-- Consumes limit.cost; false when Redis is full. Redis refuses only the first write of a script, so
-- no limit was consumed then.
local function consume(limit)
  local is_written, fault = pcall(limit.algorithm.write, limit)
  local text = type(fault) == 'table' and fault.err or fault
  if not is_written and not string.find(text, '^OOM ') then error(fault, 0) end
  return is_written
end

-- Appends to a reply: allowed remaining reset_us retry_us granted override blocked delay_us
local function append_limit(reply, limit, granted, delay_us)
  local at, remaining, reset_us = #reply, limit.algorithm.describe(limit)
  reply[at + 1], reply[at + 2], reply[at + 3] = limit.allowed and 1 or 0, remaining, reset_us
  reply[at + 4], reply[at + 5] = limit.allowed and 0 or limit.retry_us, granted
  reply[at + 6], reply[at + 7], reply[at + 8] = limit.override, limit.blocked, delay_us
end
