--[[
locks.count: how many locks and semaphores of a bucket are listed, how many are waited for, and how late
its sweep is.

KEYS timers     zset  next deadline (us) per lock and session
KEYS locks      zset  names of the locks that are held or queued
KEYS semaphores zset  names of such semaphores, and of those with a stored capacity
KEYS queued     zset  names with a queue, by the time (us) when the last place in it is over

RETURN locks semaphores queued late_ms
  late_ms since the first deadline that no call has looked at, 0 for none

COST O(log n)
]]
local timers, locks, semaphores, queued = KEYS[1], KEYS[2], KEYS[3], KEYS[4]
local first = redis.call('ZRANGE', timers, 0, 0, 'WITHSCORES')[2]
local late_us = first and now_us - tonumber(first) or 0
return { redis.call('ZCARD', locks), redis.call('ZCARD', semaphores),
  redis.call('ZCOUNT', queued, '(' .. now_us, '+inf'), math.max(0, math.floor(late_us / 1000)) }
