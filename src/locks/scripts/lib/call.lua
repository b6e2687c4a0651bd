-- Records outlive their deadline by this: a clock that jumps forward must not delete them unseen.
local KEEP_MS = 600000

-- What one call knows: the bucket it works in, how far it trusts the clock, and what it met on the
-- way. Every other key of the bucket is built from the tag of the declared one.

local function begin(key, now_guard, floor, ended_ttl_ms)
  return {
    prefix = string.match(key, '^ls:{[^}]*}:'),
    guard = now_guard,
    floor = floor,
    ended_ttl_ms = ended_ttl_ms,
    expired = 0,
    lapsed = 0,
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

-- A deadline has passed when the server's clock says so and, where the caller sends its own
-- estimate of that clock (now_guard, 0 for none), the estimate agrees: a clock that jumps forward
-- must not end every lease at once.
local function is_past(call, deadline_us)
  return deadline_us <= now_us and (call.guard == 0 or deadline_us <= call.guard)
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
  local fence = math.max(last + 1, now_us, call.floor + 1)
  if fence > 9007199254740892 then error('fences are exhausted') end
  redis.call('SET', call.prefix .. 'fence', fence, 'PX', 604800000)
  call.fence = fence
  return fence
end

local function read_session(call, id)
  local session = call.sessions[id]
  if not session then
    local v = redis.call('HMGET', call.prefix .. 'session:' .. id, 'until', 'ttl_ms', 'ended', 'metadata')
    session = { ends = tonumber(v[1] or 0), ttl_ms = tonumber(v[2] or 0), ended = v[3] and true,
      metadata = v[4] or '' }
    -- The clock has stepped back since its last keepalive: what was over stays over, and what lives
    -- ends no later than if that had come now.
    local latest = now_us + (session.ended and 0 or session.ttl_ms * 1000)
    session.stepped = session.ends > latest
    session.ends = math.min(session.ends, latest)
    call.sessions[id] = session
  end
  return session
end

-- When a session ends, 0 for one that is not known; and whether it was ended on purpose.
local function session_until(call, id)
  local session = read_session(call, id)
  return session.ends, session.ended
end

-- Else it would begin anew with every look.
local function settle_session(call, id)
  local session = read_session(call, id)
  if session.stepped then redis.call('HSET', call.prefix .. 'session:' .. id, 'until', session.ends) end
end

local function is_over(call, id)
  local session = read_session(call, id)
  return session.ended or is_past(call, session.ends)
end

-- What a session carries, leases and waiters alike, stands in a set: token and name of each.
local function session_leases(call, id)
  return call.prefix .. 'session-leases:' .. id
end

local function join_session(call, id, token, name)
  redis.call('SADD', session_leases(call, id), token .. name)
  redis.call('PEXPIRE', session_leases(call, id), ms_until(read_session(call, id).ends) + KEEP_MS)
end

local function leave_session(call, id, token, name)
  redis.call('SREM', session_leases(call, id), token .. name)
end
