-- Records outlive their deadline by this: a clock that jumps forward must not delete them before a
-- script has ended them.
local KEEP_MS = 600000

-- Later than every moment: of what does not end by time.
local NEVER = 9007199254740991

-- The state of one call: its bucket, and what the call has met so far. Every other key of the bucket
-- is built from the tag of the declared one.
local function begin(key, floor, ended_ttl_ms)
  return {
    prefix = string.match(key, '^ls:{[^}]*}:'),
    floor = floor,
    ended_ttl_ms = ended_ttl_ms,
    expired = 0,
    claim_timeouts = 0,
    gone = 0,
    revoked = 0,
    asked = 0,
    locks = {},
    sessions = {},
    opened = {},
    handed = {},
  }
end

local function append(list, values)
  local length = #list
  for i = 1, #values do list[length + i] = values[i] end
end

-- `ls:{ns:l0}:lock:<name>` is the key of one lock; its name follows `lock:`.
local function name_of(call, lock_key)
  return string.sub(lock_key, #call.prefix + 6)
end

local function is_past(deadline_us)
  return deadline_us <= now_us
end

-- Rounded down: a lease must not look longer than it is.
local function ms_left(deadline_us)
  return math.max(0, math.floor((deadline_us - now_us) / 1000))
end

-- Rounded up: a waiting time must not look shorter than it is.
local function ms_until(deadline_us)
  return math.max(0, math.ceil((deadline_us - now_us) / 1000))
end

-- Rounded down, and 0 after the clock stepped back.
local function ms_since(moment_us)
  return math.max(0, math.floor((now_us - moment_us) / 1000))
end

-- Milliseconds until the first timer of the bucket is due, 0 without timers.
local function ms_until_timer(call)
  local first = redis.call('ZRANGE', call.prefix .. 'timers', 0, 0, 'WITHSCORES')
  return first[2] and math.max(1, ms_until(tonumber(first[2]))) or 0
end

-- The clock keeps fences growing when the key is lost, the floor when a promoted replica missed the
-- last grants: either alone would let a paused old holder outrank the new one.
local function next_fence(call)
  local last = call.fence or tonumber(redis.call('GET', call.prefix .. 'fence') or 0)
  local fence = math.max(last + 1, now_us, call.floor + 1) -- @place next-fence
  if fence > 9007199254740892 then error('fences are exhausted') end
  redis.call('SET', call.prefix .. 'fence', fence, 'PX', 604800000)
  call.fence = fence
  return fence
end
