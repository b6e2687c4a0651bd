-- The instances that watch something: each gets a message on its channel when that has news.
--
-- `watchers` is a ZSET: instance -> when its watch ends, in us.

-- @param ends_us when the watch ends, unless it is extended
-- @param keep_ms how long the key is kept
local function add_watcher(watchers, instance, ends_us, keep_ms)
  redis.call('ZREMRANGEBYSCORE', watchers, '-inf', now_us)
  redis.call('ZADD', watchers, ends_us, instance)
  redis.call('PEXPIRE', watchers, keep_ms)
end

-- @param key of what has news, as the instances know it
local function announce(watchers, key)
  for _, instance in ipairs(redis.call('ZRANGEBYSCORE', watchers, now_us, '+inf')) do
    redis.call('PUBLISH', 'ls:events:' .. instance, key)
  end
end
