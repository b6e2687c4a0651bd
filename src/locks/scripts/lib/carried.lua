-- The leases and waiters of a session, and the notes that its next keepalives show.

-- @use session.lua

-- Leases and waiters of one session, and as many notes on them.
local MAX_CARRIED = 1000

-- Leases and waiters of a session: token and name of each, by its own end.
local function session_leases(call, id)
  return call.prefix .. 'session-leases:' .. id
end

-- Leases and waiters whose own end has not passed; ZCOUNT and ZRANGEBYSCORE take these two bounds.
local function after_now()
  return '(' .. string.format('%.0f', now_us), '+inf'
end

local function count_carried(call, id)
  return redis.call('ZCOUNT', session_leases(call, id), after_now())
end

local function join_session(call, id, token, name, at)
  redis.call('ZADD', session_leases(call, id), at, token .. name)
  redis.call('PEXPIRE', session_leases(call, id), ms_until(read_session(call, id).ends) + KEEP_MS)
end

-- What others did to its leases, or will do: the next keepalives show it.
local function session_notes(call, id)
  return call.prefix .. 'session-notes:' .. id
end

local function note_for_session(call, id, token, name, note)
  local key = session_notes(call, id)
  if redis.call('HLEN', key) >= MAX_CARRIED then return end
  redis.call('HSET', key, token .. name, cmsgpack.pack(note))
  redis.call('PEXPIRE', key, ms_until(read_session(call, id).ends) + KEEP_MS)
end

local function leave_session(call, id, token, name)
  redis.call('ZREM', session_leases(call, id), token .. name)
  redis.call('HDEL', session_notes(call, id), token .. name)
end
