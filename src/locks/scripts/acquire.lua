--[[
locks.acquire: lease one lock, or all locks of a set; otherwise queue the request, or say why not.
Every other key of the bucket is built from the tag of the declared ones, see lib/.

KEYS lock[]       hash    the locks, all or nothing
ARGV token        string  proof of ownership, made by the service; names the waiter as well
ARGV ttl_ms       int     lease length, 0 for the session's
ARGV wait_ms      int     how long the caller waits; 0 not at all
ARGV max_queue?   int     refused with so many waiters; without it there is no bound
ARGV options      JSON    options that differ from their defaults, '' for none: see AcquireOptions
ARGV floor        int     highest fence the caller has seen
ARGV ended_ttl_ms int     how long an ended lease is remembered

RETURN next_ms expired claim_timeouts gone outcome ...
  1, grant                            granted; grant: see granted in lib/claims.lua
  2, grant                            replayed: granted before, to a request with the same key
  3, name, snapshot                   held: by others
  4, name, snapshot                   delayed: by the lock delay of its last lease; nobody holds it
  5, attachment, left, token, ticket  queued
  6                                   conflict: the idempotency key belongs to another request
  7, fence, how, reason               ended: the lease granted to this key has
  8, length, name                     too-many-waiters
  9, name                             mode-mismatch: the name is in use as another kind or mode
  10, capacity                        capacity-mismatch: the semaphore has another (0: none is known)
  11, capacity                        unsatisfiable: asks for more than the whole capacity
  12                                  session-ended
  13                                  session-full: it has too many leases
  14                                  gone: the caller gave up before this call arrived
  15                                  again: more is over than one call ends, ask again

COST O(names), and O(64) leases that are over and waiters that can be granted
MEMORY grows
]]
-- @use lib/admission.lua
-- @use lib/repeats.lua
-- @use lib/save.lua
local token, ttl_ms, wait_ms, max_queue = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
local options, floor, ended_ttl_ms = ARGV[5], tonumber(ARGV[6]), tonumber(ARGV[7])
local call = begin(KEYS[1], floor, ended_ttl_ms)
local request = options == '' and {} or cjson.decode(options)
if ttl_ms > 0 then request.ttl_ms = ttl_ms end
local locks = open_all(call, KEYS)

local first = redis.call('MGET', call.prefix .. 'fence', call.prefix .. 'abandoned:' .. token,
  call.prefix .. 'idempotency:' .. (request.digest or ''))
-- Saves work: a grant would read it again.
call.fence = tonumber(first[1] or 0)
if first[2] then return answer(call, { 14 }) end
if first[3] then -- @place repeated-request
  local reply = repeat_request(locks, first[3], request, wait_ms)
  if reply then return answer(call, reply) end
end

if advance_all(locks, request, wait_ms) then return answer(call, { 15 }) end
local refusal, entered, blocked = refuse(locks, request)
if not refusal then
  entered, refusal = find_entered(locks[1], request)
  blocked = not entered and find_blocked(locks, request)
end
if blocked and not refusal then
  refusal = wait_ms == 0 and refuse_now(blocked) or refuse_full(locks, max_queue)
end
if refusal then return answer(call, refusal) end

if entered then join_lease(locks[1], token, request, entered)
elseif blocked then
  request.attach, request.ticket = 1, draw_ticket(locks)
  enqueue_all(locks, token, request, 0, wait_ms)
else
  for _, lock in ipairs(locks) do grant(lock, token, #locks == 1 and request or copy(request), false) end
end
remember_request(call, token, request, wait_ms)
if blocked then return answer(call, { 5, 1, wait_ms, token, request.ticket }) end
return answer(call, granted(locks, 1, token))
