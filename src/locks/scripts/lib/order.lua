-- The order of several holders: by deadline, and by fence.

-- @use call.lua
-- @use lock.lua

local INDEXES = { 'holders', 'fences' }

local function owner_field(lease) return '@' .. (lease.caller or '') .. '\n' .. lease.owner end

-- Tokens of the lease with a fence: several after re-entry.
local function tokens_of(lock, fence, max)
  local exact = string.format('%.0f', fence)
  return redis.call('ZRANGEBYSCORE', part(lock, 'fences'), exact, exact, 'LIMIT', 0, max)
end

-- How long a record must last. That of a session's lease may be looked at by nobody while its session
-- is kept alive: a day is the longest that one lives.
local function keep_of(lease, at)
  return ms_until(math.min(at, now_us + 86400000000)) + (lease.session and 86400000 or 0)
end

local function index_lease(lock, token, lease, at)
  local keep_ms = keep_of(lease, at) + KEEP_MS * 2
  redis.call('ZADD', part(lock, 'holders'), at, token)
  redis.call('ZADD', part(lock, 'fences'), lease.fence, token)
  for _, index in ipairs(INDEXES) do
    local key = part(lock, index)
    -- GT alone never sets the first expiry, and the shortest lease must not end the order of all.
    if redis.call('PEXPIRE', key, keep_ms, 'GT') == 0 then redis.call('PEXPIRE', key, keep_ms, 'NX') end
  end
  if lease.reentrant then redis.call('HSET', lock.key, owner_field(lease), lease.fence) end
end

local function set_due(lock)
  lock.due = tonumber(redis.call('ZRANGE', part(lock, 'holders'), 0, 0, 'WITHSCORES')[2] or 0)
  local order = lock.revocations[1]
  if not order then return end
  local lowest = redis.call('ZRANGE', part(lock, 'fences'), 0, 0, 'WITHSCORES')
  if tonumber(lowest[2] or 9007199254740991) <= order.upto then lock.due = math.min(lock.due, order.at)
  else
    -- All that it is about have ended.
    table.remove(lock.revocations, 1)
    return set_due(lock)
  end
end

-- Tokens whose leases an order is about.
local function covered_by(lock, order)
  return redis.call('ZCOUNT', part(lock, 'fences'), '-inf', string.format('%.0f', order.upto))
end

-- Whose lease may be over: the first by time, or by fence where all up to one are revoked.
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
