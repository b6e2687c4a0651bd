--[[
locks.heartbeat: an instance is alive and has these waiters; read which of them Redis still has.

KEYS lock[]       hash    the first lock of each waiter
ARGV instance     string  it is no longer suspect
ARGV token[]      string  of each waiter, in the order of the locks

RETURN next_ms state[]
  next_ms  until the next deadline of the bucket, 0 for none: a grant of an instance that died may
           expire then
  state    0 missing, or its session is over; 1 waiting; 2 granted or held

COST O(waiters); the caller sends 100 at most
]]
-- @use lib/session.lua
local instance = ARGV[1]
local call = begin(KEYS[1], 0, 0)
redis.call('ZREM', call.prefix .. 'suspects', instance)
local states = { ms_until_timer(call) }

-- The clock stepped back since the lock was written: its timer is too late, so it is swept at once.
local function wake(key, name)
  if tonumber(redis.call('HGET', key, 'written_at') or 0) <= now_us then return end
  redis.call('ZADD', call.prefix .. 'timers', now_us, name)
  states[1] = 1
end

-- Only waiters of sessions are unpacked: one call asks for many.
local function is_waiting(packed)
  if not packed or not string.find(packed, 'session', 1, true) then return packed end
  local session = cmsgpack.unpack(packed).session
  return not (session and is_over(call, session))
end

for i, key in ipairs(KEYS) do
  local token, name = ARGV[i + 1], name_of(call, key)
  if is_waiting(redis.call('HGET', call.prefix .. 'waiters:' .. name, token)) then
    states[i + 1] = 1
    wake(key, name)
  elseif redis.call('HEXISTS', key, '>' .. token) == 1 then states[i + 1] = 2
  else states[i + 1] = 0 end
end
return states
