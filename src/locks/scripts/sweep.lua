--[[
locks.sweep: end what is due in a bucket, leases and sessions, and serve the queues.

KEYS timers       zset    next deadline (us) per lock of the bucket
ARGV max_locks    int     how many timers one call takes
ARGV floor        int     highest fence the caller has seen
ARGV ended_ttl_ms int     how long an ended lease is remembered

RETURN next_ms expired claim_timeouts gone
  next_ms until the next deadline of the bucket, 0 for none; gone: waiters removed because nobody
  waits there any more

COST O(max_locks x 64)
]]
-- @use lib/advance.lua
-- @use lib/save.lua
local timers, max_locks = KEYS[1], tonumber(ARGV[1])
local floor, ended_ttl_ms = tonumber(ARGV[2]), tonumber(ARGV[3])
local call = begin(KEYS[1], floor, ended_ttl_ms)

local function look_at_session(id)
  local session = read_session(call, id)
  if is_over(call, id) then return note_expiry(call, id) end
  -- It was kept alive since the timer was set.
  redis.call('ZADD', timers, session.ends, session_timer(id))
end

local function look_at_lock(name)
  local lock = open_lock(call, name)
  lock.dirty = lock.exists
  -- It was overdue for so long that its keys have expired.
  for _, index in ipairs(lock.exists and {} or { 'locks', 'semaphores' }) do unlist(lock, index) end
  advance(lock)
end

for _, name in ipairs(redis.call('ZRANGEBYSCORE', timers, '-inf', now_us, 'LIMIT', 0, max_locks)) do
  -- A freeing command first; saving the lock sets its next timer.
  redis.call('ZREM', timers, name)
  if session_of(name) then look_at_session(session_of(name)) else look_at_lock(name) end
end
save_all(call)
return { ms_until_timer(call), call.expired, call.claim_timeouts, call.gone }
