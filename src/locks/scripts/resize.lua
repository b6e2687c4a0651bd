--[[
locks.resize: store the capacity of a semaphore, if the precondition holds. A lower capacity ends no
lease. Waiters that ask for more than all of it are refused.

KEYS lock[]       hash    the semaphore
ARGV capacity     int     it has no expiry, because it is configuration
ARGV if_match     string  '' no condition, '*' must exist, 'none' must not exist, else the version
ARGV max          int     how many holders and waiters are shown
ARGV floor        int     highest fence the caller has seen
ARGV ended_ttl_ms int     how long an ended lease is remembered

RETURN next_ms expired claim_timeouts gone outcome before ...
  1, 0, snapshot, waiters        created; snapshot and waiters: as locks.inspect shows them
  2, before, snapshot, waiters   replaced; before: the version that it had
  3, before, snapshot, waiters   unchanged: this is its capacity
  4, before                      precondition-failed; 0 where none is stored
  5, 0                           mode-mismatch: the name is a lock

COST O(waiters)
]]
-- @use lib/advance.lua
-- @use lib/save.lua
-- @use lib/snapshot.lua
-- @use ../../redis/scripts/lib/precondition.lua
local capacity, if_match, max = tonumber(ARGV[1]), ARGV[2], tonumber(ARGV[3])
local floor, ended_ttl_ms = tonumber(ARGV[4]), tonumber(ARGV[5])
local call = begin(KEYS[1], floor, ended_ttl_ms)
local lock = open_lock(call, name_of(call, KEYS[1]))
advance(lock)
if kind_of(lock) == 'lock' then return answer(call, { 5, 0 }) end

local function refuse_too_large()
  for _, token in ipairs(lock.queued > 0 and redis.call('ZRANGE', part(lock, 'queue'), 0, -1) or {}) do
    local waiter = read_waiter(lock, token)
    if waiter and waiter.permits > capacity then
      dismiss({ lock }, token, waiter)
      redis.call('PUBLISH', 'ls:grants:' .. waiter.instance, token)
    end
  end
end

local stored, version = unpack(redis.call('HMGET', part(lock, 'capacity'), 'capacity', 'version'))
local before = tonumber(version or 0)
if not holds(if_match, version or nil) then return answer(call, { 4, before }) end
local outcome = not stored and 1 or tonumber(stored) == capacity and 3 or 2
if outcome < 3 then
  redis.call('HSET', part(lock, 'capacity'), 'capacity', capacity, 'version', math.max(now_us, before + 1))
  redis.call('ZADD', call.prefix .. 'semaphores', 0, lock.name)
  if lock.kind then
    lock.capacity, lock.dirty = capacity, true
    refuse_too_large()
    advance(lock)
  end
end
local reply = { outcome, before }
describe(reply, lock, max)
describe_waiters(reply, lock, max)
return answer(call, reply)
