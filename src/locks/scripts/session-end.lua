--[[
locks.session-end: end a session on purpose. With the first call its leases and waiters are over, and
the call notes that at every lock. Each call releases so many leases and removes so many waiters; it
is repeated until none is left, or the sweep does the rest.

KEYS session      hash    the session
ARGV id           string  of the session
ARGV max_leases   int     how many leases and waiters one call ends
ARGV floor        int     highest fence the caller has seen
ARGV ended_ttl_ms int     how long an ended session is remembered

RETURN next_ms expired claim_timeouts gone outcome carried released left
  1, carried, released, left   ended: by this call; leases and waiters it had, leases that this call
                               released, and how many leases and waiters are left
  2, carried, released, left   replayed: ended before, on purpose
  3, 0, 0, 0                   session-ended: expired, or not known

COST the first call O(leases), 1000 at most; each O(max_leases), and O(64) waiters granted on each of
  their locks
]]
-- @use lib/advance.lua
-- @use lib/save.lua
local id, max_leases = ARGV[1], tonumber(ARGV[2])
local floor, ended_ttl_ms = tonumber(ARGV[3]), tonumber(ARGV[4])
local call = begin(KEYS[1], floor, ended_ttl_ms)

-- The session ends before the deadlines noted at its locks, so each lock is due now: the next call or
-- sweep ends the leases, even if this caller dies.
local function note_end(call, id)
  local timers = {}
  for _, member in ipairs(redis.call('ZRANGE', session_leases(call, id), 0, -1)) do
    local token, name = string.sub(member, 1, 22), string.sub(member, 23)
    local key = call.prefix .. 'lock:' .. name
    local sole, carried = unpack(redis.call('HMGET', key, 'sole', '>' .. token))
    if carried then
      redis.call('HSET', key, 'due', now_us)
      if sole ~= token then redis.call('ZADD', call.prefix .. 'holders:' .. name, now_us, token) end
    end
    append(timers, { now_us, name })
  end
  if #timers > 0 then redis.call('ZADD', call.prefix .. 'timers', 'LT', unpack(timers)) end
end

local session, outcome = read_session(call, id), 2
if session.how ~= 'released' then
  if is_over(call, id) then return answer(call, { 3, 0, 0, 0 }) end
  outcome = 1
  -- First, because a full Redis refuses HSET but lets it through after a PEXPIRE.
  redis.call('PEXPIRE', KEYS[1], KEEP_MS)
  redis.call('HSET', KEYS[1], 'until', now_us, 'how', 'released')
  session.ends, session.noted, session.how = now_us, now_us, 'released'
  redis.call('ZREM', call.prefix .. 'timers', session_timer(id))
  unlist_session(call, id)
  note_end(call, id)
end

local members = session_leases(call, id)
local carried, released = count_carried(call, id), 0
for _, member in ipairs(redis.call('ZRANGE', members, 0, max_leases - 1)) do
  redis.call('ZREM', members, member)
  local token, lock = string.sub(member, 1, 22), open_lock(call, string.sub(member, 23))
  local waiter, lease = read_waiter(lock, token), read_lease(lock, token)
  if waiter then
    dismiss(locks_of(lock, waiter), token, waiter)
    -- Its instance finds no grant, asks to restore it, and hears that the session is over.
    redis.call('PUBLISH', 'ls:grants:' .. waiter.instance, token)
  elseif lease and end_if_over(lock, token, lease) and find_end(lock, token) == 'released' then
    released = released + 1
  end
end
for _, lock in ipairs(call.opened) do advance(lock) end
local left = redis.call('ZCARD', members)
if left == 0 then redis.call('PEXPIRE', KEYS[1], ended_ttl_ms) end
local reply = answer(call, { outcome, carried, released, left })
-- For the sweep, in case the caller does not call again.
if left > 0 then reply[1] = 1 end
return reply
