--[[
locks.sweep: look at the locks of a bucket whose time has come, and hand them on.

KEYS timers       zset    next deadline (us) per lock of the bucket
ARGV max_locks    int     how many locks one call looks at
ARGV now_guard    int     the caller's estimate of the server's clock in us, 0 for none
ARGV floor        int     highest fence the caller has seen
ARGV ended_ttl_ms int     how long an ended lease is remembered

RETURN next_ms expired lapsed
  next_ms until the next deadline of the bucket, 0 for none

COST O(max_locks x 64)
]]
-- @use lib/grants.lua
local timers, max_locks = KEYS[1], tonumber(ARGV[1])
local now_guard, floor, ended_ttl_ms = tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
local call = begin(KEYS[1], now_guard, floor, ended_ttl_ms)
for _, name in ipairs(redis.call('ZRANGEBYSCORE', timers, '-inf', now_us, 'LIMIT', 0, max_locks)) do
  -- A freeing command first; saving the lock notes its next deadline.
  redis.call('ZREM', timers, name)
  local lock = open_lock(call, name)
  lock.dirty = lock.exists
  -- Its time was over for so long that Redis has dropped it.
  if not lock.exists then redis.call('ZREM', call.prefix .. 'index', name) end
  advance(lock)
end
save_all(call)
local first = redis.call('ZRANGE', timers, 0, 0, 'WITHSCORES')
return { first[2] and math.max(1, ms_until(tonumber(first[2]))) or 0, call.expired, call.lapsed }
