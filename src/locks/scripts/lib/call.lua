-- Records outlive their deadline by this: a clock that jumps forward must not delete them unseen.
local KEEP_MS = 600000

-- What one call knows: the bucket it works in, and what it met on the way. Every other key of the
-- bucket is built from the tag of the declared one.
local function begin(key, floor, ended_ttl_ms)
  return {
    prefix = string.match(key, '^ls:{[^}]*}:'),
    floor = floor,
    ended_ttl_ms = ended_ttl_ms,
    expired = 0,
    claim_timeouts = 0,
    revoked = 0,
    asked = 0,
    locks = {},
    sessions = {},
    opened = {},
    handed = {},
  }
end

-- `ls:{ns:l0}:lock:<name>` names one lock; its name stands behind `lock:`.
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

-- The clock carries the fence over a lost key, the floor over a promoted replica that missed the
-- last grants: either alone would let a paused old holder outrank the new one.
local function next_fence(call)
  local last = call.fence or tonumber(redis.call('GET', call.prefix .. 'fence') or 0)
  local fence = math.max(last + 1, now_us, call.floor + 1) -- @place next-fence
  if fence > 9007199254740892 then error('fences are exhausted') end
  redis.call('SET', call.prefix .. 'fence', fence, 'PX', 604800000)
  call.fence = fence
  return fence
end
