-- The exception of one subject of one policy: a block, an override or both. State
-- "<blocked until>:<override ends>:<limit>:<burst>:<version>", times in us. A limit of 0: no override;
-- an end of 0: the override has none; a burst of 0: that of the policy. The version is the override's.

-- nil when neither holds any more.
local function read_exception(key)
  local state = redis.call('GET', key)
  if not state then return nil end
  local blocked, ends, limit, burst, version =
    string.match(state, '^(%d+):(%d+):(%d+):(%d+):(%d+)$')
  local exception = {
    blocked_until = tonumber(blocked), ends = tonumber(ends), limit = tonumber(limit),
    burst = tonumber(burst), version = version,
  }
  if exception.blocked_until <= now_us then exception.blocked_until = 0 end
  if exception.ends > 0 and exception.ends <= now_us then
    exception.ends, exception.limit, exception.burst, exception.version = 0, 0, 0, '0'
  end
  return (exception.blocked_until > 0 or exception.limit > 0) and exception or nil
end

-- When a denied call may be sent again, -1 for never: at the latest when the override ends, because
-- the policy may allow the call, and never before the block ends.
local function retry_with(exception, retry_us, is_for_policy)
  local left_us = exception.ends > 0 and exception.ends - now_us or math.huge
  if is_for_policy and exception.ends > 0 then retry_us = left_us end
  retry_us = math.min(retry_us, left_us)
  return retry_us < 0 and -1 or math.max(retry_us, exception.blocked_until - now_us)
end

-- The key expires with the later of the two.
local function write_exception(key, exception)
  if exception.blocked_until == 0 and exception.limit == 0 then return redis.call('DEL', key) end
  local state = string.format('%.0f:%.0f:%.0f:%.0f:%s', exception.blocked_until,
    exception.ends, exception.limit, exception.burst, exception.version)
  if exception.limit > 0 and exception.ends == 0 then return redis.call('SET', key, state) end
  local ms = math.max(1, math.ceil((math.max(exception.blocked_until, exception.ends) - now_us) / 1000))
  return redis.call('SET', key, state, 'PX', ms)
end
