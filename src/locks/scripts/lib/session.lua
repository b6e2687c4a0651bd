-- The record of one session, and what it carries.

-- @use call.lua

-- Leases and waiters of one session, and as many notes on them.
local MAX_CARRIED = 1000

local function session_key(call, id)
  return call.prefix .. 'session:' .. id
end

-- @return ends: when it ends, 0 for one that is not known; noted: the same as it was written; how: `released` or `expired` for one that is over
local function read_session(call, id)
  local session = call.sessions[id]
  if not session then
    local v = redis.call('HMGET', session_key(call, id), 'until', 'ttl_ms', 'how', 'metadata')
    session = { exists = v[1] and true, ends = tonumber(v[1] or 0), noted = tonumber(v[1] or 0), ttl_ms = tonumber(v[2] or 0),
      how = v[3] or nil, metadata = v[4] or '' }
    -- The clock has stepped back since its last keepalive: what was over stays over, and what lives
    -- ends no later than if that had come now.
    local latest = now_us + (session.how and 0 or session.ttl_ms * 1000)
    session.stepped = session.ends > latest
    session.ends = math.min(session.ends, latest)
    call.sessions[id] = session
  end
  return session
end

local function is_over(call, id)
  local session = read_session(call, id)
  return session.how ~= nil or is_past(session.ends)
end

-- One that was seen to be over stays over, also when the clock steps back behind its end.
local function note_expiry(call, id)
  local session = read_session(call, id)
  if not session.exists or session.how or not is_past(session.ends) then return end
  session.how = 'expired'
  -- First, because a full Redis refuses HSET but lets it through after a PEXPIRE.
  redis.call('PEXPIRE', session_key(call, id), KEEP_MS)
  redis.call('HSET', session_key(call, id), 'how', session.how)
end

-- The sweep looks at a session when it may be over; no name of a lock begins like this.
local function session_timer(id)
  return '{' .. id
end

local function session_of(timer)
  return string.match(timer, '^{(.*)')
end

local function write_end(call, id, ends)
  redis.call('HSET', session_key(call, id), 'until', ends)
  -- The sweep comes too late, if at all, since the clock stepped back; too early does no harm.
  redis.call('ZADD', call.prefix .. 'timers', 'LT', ends, session_timer(id))
end

-- Else what is left since the clock stepped back would be left again with every look.
local function settle_session(call, id)
  local session = read_session(call, id)
  if session.stepped then write_end(call, id, session.ends) end
end

-- What a session carries, leases and waiters alike: token and name of each, by the end of its own.
local function session_leases(call, id)
  return call.prefix .. 'session-leases:' .. id
end

local function count_carried(call, id)
  return redis.call('ZCOUNT', session_leases(call, id), '(' .. string.format('%.0f', now_us), '+inf')
end

local function join_session(call, id, token, name, at)
  redis.call('ZADD', session_leases(call, id), at, token .. name)
  redis.call('PEXPIRE', session_leases(call, id), ms_until(read_session(call, id).ends) + KEEP_MS)
end

-- What happened to its leases without its doing, and who asks for them: the next keepalives show it.
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
