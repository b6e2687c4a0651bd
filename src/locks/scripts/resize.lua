--[[
locks.resize: store the capacity of a semaphore, or delete it. A lower capacity ends no lease. Waiters
that ask for more than all of it are refused.

KEYS lock[]       hash    the semaphore
ARGV capacity     int     0 to delete it; it has no expiry, because it is configuration
ARGV floor        int     highest fence the caller has seen
ARGV ended_ttl_ms int     how long an ended lease is remembered

RETURN next_ms expired claim_timeouts outcome ...
  1, capacity, before   stored; or deleted (capacity: of the one in use); before: the stored one,
                        0 for none
  2                     mode-mismatch: the name is a lock

COST O(waiters)
]]
-- @use lib/advance.lua
-- @use lib/save.lua
local capacity = tonumber(ARGV[1])
local floor, ended_ttl_ms = tonumber(ARGV[2]), tonumber(ARGV[3])
local call = begin(KEYS[1], floor, ended_ttl_ms)
local lock = open_lock(call, name_of(call, KEYS[1]))
advance(lock)
if kind_of(lock) == 'lock' then return answer(call, { 2 }) end
local before = tonumber(redis.call('GET', part(lock, 'capacity')) or 0)
if capacity == 0 then
  redis.call('DEL', part(lock, 'capacity'))
  return answer(call, { 1, lock.kind and lock.capacity or 0, before })
end
redis.call('SET', part(lock, 'capacity'), capacity)
if lock.kind then
  lock.capacity, lock.dirty = capacity, true
  for _, token in ipairs(lock.queued > 0 and redis.call('ZRANGE', part(lock, 'queue'), 0, -1) or {}) do
    local waiter = read_waiter(lock, token)
    if waiter and waiter.permits > capacity then
      dismiss({ lock }, token, waiter)
      redis.call('PUBLISH', 'ls:grants:' .. waiter.instance, token)
    end
  end
  advance(lock)
end
return answer(call, { 1, capacity, before })
