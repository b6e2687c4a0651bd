-- A bucket that leaks: one unit of cost leaks out per interval. Levels and intervals are in 1/16 us,
-- which a double holds exactly. State "<at>:<interval>:<level>": the level at the time `at`, in us;
-- ":<owed>" follows when a commit took more than there was room for.
-- Source: ATM Forum TM 4.0, GCRA in the form of the continuous-state leaky bucket algorithm.

local function us(units) return math.ceil(units / 16) end

local function debt_of(bucket) return bucket.level + bucket.owed end

local function store_bucket(bucket, call)
  local ms = math.ceil(debt_of(bucket) / 16000)
  if ms == 0 then return call('DEL', bucket.key) end
  local state = string.format('%.0f:%.0f:%.0f', now_us, bucket.interval, bucket.level)
  if bucket.owed > 0 then state = string.format('%s:%.0f', state, bucket.owed) end
  return call('SET', bucket.key, state, 'PX', ms)
end

-- The largest debt: beyond it, times in doubles are not exact.
local FARTHEST = 2 ^ 52

local function owe(bucket, owed) bucket.owed = math.min(owed, FARTHEST - bucket.level) end

-- When the limit has changed, the usage is kept in units of cost, at most as much as the new limit has
-- room for: no call waits for usage of a larger limit. What is owed is kept in full. When the clock
-- has stepped back, no time has passed. Both are stored at once, even if the call is denied, so that
-- the retry time in its answer is right; pcall because Redis may be full.
local function read_bucket(key, interval, room)
  local bucket = { key = key, interval = interval, room = room, level = 0, owed = 0 }
  local state = redis.call('GET', key)
  if not state then return bucket end
  local at, stored, level, owed = string.match(state, '^(%d+):(%d+):(%d+):?(%d*)$')
  at, stored, level, owed = tonumber(at), tonumber(stored), tonumber(level), tonumber(owed) or 0

  local leaked = 16 * math.max(0, now_us - at)
  bucket.owed = math.max(0, owed - leaked)
  bucket.level = math.max(0, level - math.max(0, leaked - owed))
  if stored == interval and bucket.level <= room and now_us >= at then return bucket end
  bucket.level = math.min(room, math.ceil(bucket.level * interval / stored)) -- @place usage-under-another-limit
  owe(bucket, math.ceil(bucket.owed * interval / stored))
  store_bucket(bucket, redis.pcall)
  return bucket
end

local function fill(limit)
  limit.level = limit.level + limit.cost * limit.interval -- @place cost-of-a-bucket
  local surplus = math.max(0, limit.level - limit.room)
  limit.level = limit.level - surplus
  owe(limit, limit.owed + surplus)
  store_bucket(limit, redis.call)
end

-- Gives back the part of a cost that has not leaked since it was consumed. It has leaked at until_us,
-- with everything before it; without until_us the bucket is taken to have been empty before.
local function pay_back(limit, cost, taken_us, until_us)
  local last_us = until_us or taken_us + us(cost * limit.interval)
  local given = math.min(cost * limit.interval, 16 * math.max(0, last_us - now_us), debt_of(limit)) -- @place what-has-leaked
  local from_owed = math.min(given, limit.owed)
  limit.owed, limit.level = limit.owed - from_owed, limit.level - given + from_owed
  store_bucket(limit, redis.call)
  return math.ceil(given / limit.interval)
end
