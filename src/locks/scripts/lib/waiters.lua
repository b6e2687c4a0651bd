-- The record of one waiter, and whether it still waits.

-- @use carried.lua
-- @use lock.lua

-- The longest wait.
local MAX_WAIT_MS = 240000

-- In the queue a priority is a band of scores, wider than any ticket.
local BAND = 17592186044416

local function read_waiter(lock, token)
  local packed = redis.call('HGET', part(lock, 'waiters'), token)
  return packed and cmsgpack.unpack(packed) or nil
end

local function write_waiter(lock, token, waiter)
  local keep_ms = KEEP_MS + MAX_WAIT_MS
  redis.call('HSET', part(lock, 'waiters'), token, cmsgpack.pack(waiter))
  redis.call('PEXPIRE', part(lock, 'waiters'), keep_ms)
  redis.call('PEXPIRE', part(lock, 'queue'), keep_ms)
  redis.call('ZADD', part(lock, 'waits'), waiter.wait_until, token)
  redis.call('PEXPIRE', part(lock, 'waits'), keep_ms)
  -- The locks with a queue, for their number; one that is not removed counts until this time is over.
  redis.call('ZADD', lock.call.prefix .. 'queued', 'GT', waiter.wait_until, lock.name)
  redis.call('PEXPIRE', lock.call.prefix .. 'queued', keep_ms)
  if waiter.session then join_session(lock.call, waiter.session, token, lock.name, waiter.wait_until) end
  lock.keep_ms, lock.dirty = math.max(lock.keep_ms, MAX_WAIT_MS), true
end

local function band_of(waiter)
  return (10 - (waiter.priority or 0)) * BAND
end

local function has_no_session(call, waiter)
  return waiter.session and is_over(call, waiter.session)
end

local function is_gone(call, waiter)
  return is_past(waiter.wait_until)
    or redis.call('ZSCORE', call.prefix .. 'suspects', waiter.instance)
end

-- When a waiter at the head makes room by time alone.
local function gone_at(call, waiter)
  local session_ends = waiter.session and read_session(call, waiter.session).ends or NEVER
  return math.min(waiter.wait_until, session_ends)
end
