--[[
locks.restore: put a waiter back into its queues, at its place: its grant expired while its instance
was slow, or Redis came back without it. Does nothing for one that is there.

KEYS lock[]       hash    the locks it waits for
ARGV token        string  of the waiter
ARGV waiter       JSON    the options of its acquire, with ttl_ms, instance, attach, ticket
ARGV waited_ms    int     since it first stood in line
ARGV wait_ms      int     what is left of its wait
ARGV floor        int     highest fence the caller has seen
ARGV ended_ttl_ms int     how long an ended lease is remembered

RETURN next_ms expired claim_timeouts outcome
  1   waiting: in the queues, or granted
  2   session-ended
  3   unsatisfiable: asks for more than the whole capacity
  4   replaced: its key is known, a repeat of its request has its place, or has used its lease
  5   mode-mismatch: its name is in use in another way

COST O(names), and O(64) waiters granted
]]
-- @use lib/advance.lua
-- @use lib/refusals.lua
-- @use lib/save.lua
-- @use lib/tokens.lua
local token, waiter = ARGV[1], cjson.decode(ARGV[2])
local waited_ms, wait_ms = tonumber(ARGV[3]), tonumber(ARGV[4])
local floor, ended_ttl_ms = tonumber(ARGV[5]), tonumber(ARGV[6])
local call = begin(KEYS[1], floor, ended_ttl_ms)
local locks = open_all(call, KEYS, token)
for _, lock in ipairs(locks) do reap(lock, token) end
-- Behind the reaping, which may have found that its own grant expired. It frees, so that all of this
-- works on a full Redis.
redis.call('ZREM', call.prefix .. 'suspects', waiter.instance)
local function finish(outcome)
  for _, lock in ipairs(locks) do advance(lock) end
  return answer(call, { outcome })
end

local standing = read_waiter(locks[1], token)
if waiter.session and is_over(call, waiter.session) then
  if standing then dismiss(locks, token, standing) end
  return finish(2)
end
if standing or find_lease(locks[1], token) then return finish(1) end

-- Its key is known: its place went to a repeat, or one did that has used the lease of both by now.
-- What expires, or is taken off, takes its key along.
if waiter.digest and redis.call('EXISTS', request_key(call, waiter)) == 1 then return finish(4) end
local refusal = refuse_place(locks, waiter)
if refusal then return finish(refusal[1] == 9 and 5 or 3) end
waiter.at, waiter.wait_until = now_us - waited_ms * 1000, now_us + wait_ms * 1000
if #locks > 1 then
  waiter.names = {}
  for i, lock in ipairs(locks) do waiter.names[i] = lock.name end
end
for _, lock in ipairs(locks) do enqueue(lock, token, waiter) end
remember_request(call, token, waiter, wait_ms)
return finish(1)
