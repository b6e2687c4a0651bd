--[[
locks.restore: put a waiter back into its queues, at its place, after its grant expired while its
instance was slow, or after Redis lost it. Does nothing for a waiter that is there.

KEYS lock[]       hash    the locks it waits for
ARGV token        string  of the waiter
ARGV waiter       JSON    the options of its acquire, with ttl_ms, instance, attach, ticket
ARGV waited_ms    int     since it was first queued
ARGV wait_ms      int     what is left of its wait
ARGV floor        int     highest fence the caller has seen
ARGV ended_ttl_ms int     how long an ended lease is remembered

RETURN next_ms expired claim_timeouts gone outcome
  1   waiting: in the queues, or granted
  2   session-ended
  3   unsatisfiable: asks for more than the whole capacity
  4   replaced: a repeat of its request has its place, or has used its lease
  5   mode-mismatch: its name is in use as another kind of lock

COST O(names), and O(64) waiters granted
]]
-- @use lib/advance.lua
-- @use lib/refusals.lua
-- @use lib/save.lua
local token, waiter = ARGV[1], cjson.decode(ARGV[2])
local waited_ms, wait_ms = tonumber(ARGV[3]), tonumber(ARGV[4])
local floor, ended_ttl_ms = tonumber(ARGV[5]), tonumber(ARGV[6])
local call = begin(KEYS[1], floor, ended_ttl_ms)
local locks = open_all(call, KEYS, token)
for _, lock in ipairs(locks) do reap(lock, token) end
-- After reap, which may have made the instance suspect: its own grant expired. A freeing command, so
-- that the rest works on a full Redis.
redis.call('ZREM', call.prefix .. 'suspects', waiter.instance)
local function finish(outcome)
  for _, lock in ipairs(locks) do advance(lock) end
  return answer(call, { outcome })
end

local queued = read_waiter(locks[1], token)
if waiter.session and is_over(call, waiter.session) then
  if queued then dismiss(locks, token, queued) end
  return finish(2)
end
if queued or find_lease(locks[1], token) then return finish(1) end

-- The idempotency record is there, although a dismissed waiter takes it along: a repeat has the place,
-- or has used the lease.
if waiter.digest and redis.call('EXISTS', request_key(call, waiter)) == 1 then return finish(4) end
local refusal = refuse_place(locks, waiter)
if refusal then return finish(refusal[1] == 9 and 5 or 3) end
enqueue_all(locks, token, waiter, waited_ms, wait_ms)
remember_request(call, token, waiter, wait_ms)
return finish(1)
