-- GCRA: the theoretical arrival time (TAT) of the next call, in 1/16 us since 2025-01-01, which a
-- double holds exactly until 2042. State "<tat>:<T>", T the time one unit of cost takes.
-- Source: ATM Forum TM 4.0, in the form of the virtual scheduling algorithm.
local function now_16() return (now_us - 1735689600000000) * 16 end

-- With another T what was consumed stays consumed: the debt is counted in units, not in time.
local function read_tat(key, interval)
  local now, state = now_16(), redis.call('GET', key)
  if not state then return now end
  local tat, stored = string.match(state, '^(%d+):(%d+)$')
  tat, stored = tonumber(tat), tonumber(stored)
  if tat <= now then return now end
  if stored == interval then return tat end
  return now + math.ceil((tat - now) * interval / stored)
end

local function us(units) return math.ceil(units / 16) end

-- Where time in doubles ends: no debt reaches further.
local FARTHEST = 2 ^ 52

local function store_tat(limit)
  local ms = math.ceil((limit.tat - now_16()) / 16000)
  if ms <= 0 then return redis.call('DEL', limit.key) end
  return redis.call('SET', limit.key,
    string.format('%.0f:%.0f', limit.tat, limit.interval), 'PX', ms)
end

local function pay_back(limit, cost, taken_us)
  local now = now_16()
  if taken_us <= now_us - limit.length then return 0 end
  local refunded = math.min(cost, math.ceil((limit.tat - now) / limit.interval))
  limit.tat = math.max(now, limit.tat - cost * limit.interval)
  store_tat(limit)
  return refunded
end

local function borrow(limit)
  limit.tat = math.min(limit.tat + limit.cost * limit.interval, now_16() + FARTHEST)
  store_tat(limit)
end

-- a: T; b: burst, in cost; c: window in us.
local gcra = { write = borrow, refund = pay_back }

function gcra.override(_, _, length, most, burst)
  local interval = math.ceil(16 * length / most)
  return interval, math.min(burst, math.floor(FARTHEST / interval)), length
end

function gcra.evaluate(key, cost, interval, burst, length)
  local now, tat = now_16(), read_tat(key, interval)
  local new, room = tat + cost * interval, burst * interval
  return {
    key = key, tat = tat, cost = cost, interval = interval, room = room, length = length,
    allowed = new - room <= now,
    retry_us = cost > burst and -1 or us(math.max(0, new - room - now)),
  }
end

-- remaining cost; us until nothing is consumed any more
function gcra.describe(limit)
  local debt = math.max(0, limit.tat - now_16())
  return math.max(0, math.floor((limit.room - debt) / limit.interval)), us(debt)
end
