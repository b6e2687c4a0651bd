--[[
locks.acquire: lease one lock, or all locks of a set; else stand in their queues, or say why not.
Every other key of the bucket (queue, waiters, holders, ended, fence, timers, index, idempotency record, session)
is built from the tag of the declared ones, see lib/.

KEYS lock[]       hash    the locks, all or nothing
ARGV token        string  proof of ownership, made by the service; names the waiter as well
ARGV ttl_ms       int     lease length, 0 for the session's
ARGV wait_ms      int     how long the caller will wait; 0 not at all
ARGV max_queue?   int     what a queue may hold before this request; without it there is no bound
ARGV options      JSON    what is not at its default, '' for nothing: see AcquireOptions
ARGV floor        int     highest fence the caller has seen
ARGV ended_ttl_ms int     how long an ended lease is remembered

RETURN next_ms expired claim_timeouts outcome ...
  1, ttl, hold_count, mode, waited, token, attachment, fence[]
                                      granted
  2, ttl, hold_count, mode, waited, token, attachment, fence[]
                                      replayed: granted before, to a request with the same key
  3, name, snapshot                   held: by others
  4, name, snapshot                   delayed: by the lock delay of its last lease; nobody holds it
  5, attachment, left, token, ticket  queued
  6                                   conflict: the idempotency key belongs to another request
  7, fence, how, reason               ended: the lease granted to this key has
  8, length, name                     queue-full
  9, name                             mode-mismatch: the name is in use in another way
  10, capacity                        capacity-mismatch: the semaphore has another (0: none is known)
  11, capacity                        unsatisfiable: asks for more than the whole capacity
  12                                  session-ended
  13                                  session-full: it has too many leases
  14                                  gone: the caller gave up before this call arrived
  15                                  again: more is over than one call ends, ask again

COST O(names), and O(64) leases that are over and waiters that can be granted
MEMORY grows
]]
-- @use lib/repeats.lua
-- @use lib/save.lua
-- @use lib/snapshot.lua
local token, ttl_ms, wait_ms, max_queue = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
local options, floor, ended_ttl_ms = ARGV[5], tonumber(ARGV[6]), tonumber(ARGV[7])
local call = begin(KEYS[1], floor, ended_ttl_ms)
local request = options == '' and {} or cjson.decode(options)
if ttl_ms > 0 then request.ttl_ms = ttl_ms end

local locks = {}
for i, key in ipairs(KEYS) do locks[i] = open_lock(call, name_of(call, key)) end

local first = redis.call('MGET', call.prefix .. 'fence', call.prefix .. 'abandoned:' .. token,
  call.prefix .. 'idempotency:' .. (request.digest or ''))
-- Saves work: a grant would read it again.
call.fence = tonumber(first[1] or 0)
if first[2] then return answer(call, { 14 }) end
if first[3] then -- @place repeated-request
  local reply = repeat_request(locks, first[3], request, wait_ms)
  if reply then return answer(call, reply) end
end

-- Before anything is refused: what is over, but not yet ended, binds nobody.
for _, lock in ipairs(locks) do
  if lock.exists then
    -- Whoever asks is alive: it must not lose its places to what it missed before.
    if wait_ms > 0 then redis.call('ZREM', call.prefix .. 'suspects', request.instance) end
    advance(lock)
    if lock.again then return answer(call, { 15 }) end
  end
end
local refusal = refuse(locks, request)
if refusal then return answer(call, refusal) end

local blocked
for _, lock in ipairs(locks) do
  if is_behind(lock, request) or not fits(lock, request) then blocked = blocked or lock end
end

local held = request.reentrant and find_owned(locks[1], request)
if held and held.mode == 'shared' and request.mode ~= 'shared' then return answer(call, { 9, locks[1].name }) end
if held and locks[1].count >= MAX_HOLDERS then held = nil end
if held then
  join_lease(locks[1], token, request, held)
elseif not blocked then
  for _, lock in ipairs(locks) do
    local lease = #locks == 1 and request or copy(request)
    grant(lock, token, lease, false)
  end
elseif wait_ms == 0 then
  local delayed = blocked.count == 0 and blocked.queued == 0
  local reply = { delayed and 4 or 3, blocked.name }
  describe(reply, blocked, 8)
  return answer(call, reply)
else
  for _, lock in ipairs(locks) do
    local length = queue_length(lock)
    if max_queue and length >= max_queue then return answer(call, { 8, length, lock.name }) end
  end
  wait_in_line(locks, token, request, wait_ms)
end
remember_request(call, token, request, wait_ms)
if blocked and not held then return answer(call, { 5, 1, wait_ms, token, request.ticket }) end
return answer(call, granted(locks, 1, token))
