-- The order of several holders: by deadline, and by fence.

-- @use lock.lua

local INDEXES = { 'holders', 'fences' }

local function owner_field(lease) return '@' .. (lease.caller or '') .. '\n' .. lease.owner end

-- Tokens of the lease with a fence: several after re-entry.
local function tokens_of(lock, fence, max)
  local exact = string.format('%.0f', fence)
  return redis.call('ZRANGEBYSCORE', part(lock, 'fences'), exact, exact, 'LIMIT', 0, max)
end

local DAY_MS = 86400000

-- How long a record must last. No call may touch that of a session's lease while the session is kept
-- alive, and a session lives for a day at most.
local function keep_of(lease, at)
  return ms_until(math.min(at, now_us + DAY_MS * 1000)) + (lease.session and DAY_MS or 0)
end

local function index_lease(lock, token, lease, at)
  local keep_ms = keep_of(lease, at) + KEEP_MS * 2
  redis.call('ZADD', part(lock, 'holders'), at, token)
  redis.call('ZADD', part(lock, 'fences'), lease.fence, token)
  for _, index in ipairs(INDEXES) do
    local key = part(lock, index)
    -- GT alone never sets a first expiry, and the shortest lease must not end the order of all.
    if redis.call('PEXPIRE', key, keep_ms, 'GT') == 0 then redis.call('PEXPIRE', key, keep_ms, 'NX') end
  end
  if lease.reentrant then redis.call('HSET', lock.key, owner_field(lease), lease.fence) end
end

local function set_due(lock)
  lock.due = tonumber(redis.call('ZRANGE', part(lock, 'holders'), 0, 0, 'WITHSCORES')[2] or 0)
  local order = lock.revocations[1]
  if not order then return end
  local lowest = redis.call('ZRANGE', part(lock, 'fences'), 0, 0, 'WITHSCORES')
  if tonumber(lowest[2] or NEVER) <= order.upto then lock.due = math.min(lock.due, order.at)
  else
    -- All leases that it covers have ended.
    table.remove(lock.revocations, 1)
    return set_due(lock)
  end
end

-- Tokens whose leases an order covers.
local function covered_by(lock, order)
  return redis.call('ZCOUNT', part(lock, 'fences'), '-inf', string.format('%.0f', order.upto))
end

-- The token whose lease may have ended: the first by time, or by fence where an order revoked all.
local function first_over(lock)
  if lock.sole ~= '' then return lock.sole end
  local order = lock.revocations[1]
  local index = order and is_past(order.at) and 'fences' or 'holders'
  return redis.call('ZRANGE', part(lock, index), 0, 0)[1]
end

-- Tokens of a lease: more than one after re-entry.
local function hold_count(lock, lease)
  if lock.sole ~= '' then return 1 end
  local fence = string.format('%.0f', lease.fence)
  return redis.call('ZCOUNT', part(lock, 'fences'), fence, fence)
end
