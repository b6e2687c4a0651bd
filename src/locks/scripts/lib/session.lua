-- The record of one session.

-- @use call.lua

local function session_key(call, id)
  return call.prefix .. 'session:' .. id
end

-- @return ends: when it ends, 0 for an unknown one; noted: the same as it was written; how:
-- `released` or `expired` for a session that has ended
local function read_session(call, id)
  local session = call.sessions[id]
  if not session then
    local v = redis.call('HMGET', session_key(call, id), 'until', 'ttl_ms', 'how', 'metadata')
    local ends = tonumber(v[1] or 0)
    session = { exists = v[1] and true, ends = ends, noted = ends, ttl_ms = tonumber(v[2] or 0),
      how = v[3] or nil, metadata = v[4] or '' }
    -- The clock has stepped back since its last keepalive: what has ended stays over, and what lives
    -- ends no later than after a keepalive now.
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

-- The sessions of the bucket, for lists: without an expiry, because a sweep finds the end of each.
local function list_session(call, id)
  redis.call('ZADD', call.prefix .. 'sessions', 0, id)
end

local function unlist_session(call, id)
  redis.call('ZREM', call.prefix .. 'sessions', id)
end

-- A session that was seen to be over stays over, also when the clock steps back behind its end.
local function note_expiry(call, id)
  local session = read_session(call, id)
  if session.how or not is_past(session.ends) then return end
  unlist_session(call, id)
  if not session.exists then return end
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
  -- LT: after the clock stepped back the sweep may come too early, which does no harm, but not late.
  redis.call('ZADD', call.prefix .. 'timers', 'LT', ends, session_timer(id))
end

-- Otherwise the time left since the clock stepped back would begin again with every look.
local function settle_session(call, id)
  local session = read_session(call, id)
  if session.stepped then write_end(call, id, session.ends) end
end
