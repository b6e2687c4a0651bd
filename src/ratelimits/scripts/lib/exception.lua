-- What holds for one subject of one policy: a block, an override. State
-- "<blocked until>:<overridden until>:<limit>:<burst>:<version>", times in us; a limit of 0 is no
-- override, and one overridden until 0 is so until it is told otherwise; a burst of 0 is that of the
-- policy; the version is that of the override.

-- Nothing where neither holds any more.
local function read_exception(key)
  local state = redis.call('GET', key)
  if not state then return nil end
  local blocked, till, most, burst, version = string.match(state, '^(%d+):(%d+):(%d+):(%d+):(%d+)$')
  local own = {
    blocked = tonumber(blocked), till = tonumber(till), most = tonumber(most), burst = tonumber(burst),
    version = version,
  }
  if own.blocked <= now_us then own.blocked = 0 end
  if own.till > 0 and own.till <= now_us then own.till, own.most, own.burst, own.version = 0, 0, 0, '0' end
  return (own.blocked > 0 or own.most > 0) and own or nil
end

-- When a denied call may be asked again, -1 for never: no later than the override ends, which the
-- policy may allow what it does not, and not before the end of a block.
local function retry_with(own, retry_us, is_for_policy)
  local left_us = own.till > 0 and own.till - now_us or math.huge
  if is_for_policy and own.till > 0 then retry_us = left_us end
  retry_us = math.min(retry_us, left_us)
  return retry_us < 0 and -1 or math.max(retry_us, own.blocked - now_us)
end

-- Lives as long as the later of the two.
local function write_exception(key, own)
  if own.blocked == 0 and own.most == 0 then return redis.call('DEL', key) end
  local state = string.format('%.0f:%.0f:%.0f:%.0f:%s', own.blocked, own.till, own.most, own.burst, own.version)
  if own.most > 0 and own.till == 0 then return redis.call('SET', key, state) end
  local ms = math.max(1, math.ceil((math.max(own.blocked, own.till) - now_us) / 1000))
  return redis.call('SET', key, state, 'PX', ms)
end
