--[[
locks.leave: a caller no longer waits for its answer. Undoes what its acquire did and is about to
do, as far as nobody else took the place over in the meantime.

KEYS lock[]       hash    the locks it asked for
ARGV token        string  of the acquire
ARGV attach       int     attachment number of the caller; an older one does nothing
ARGV how          string  timeout: only leave the queue; cancel: give back a grant as well; detach:
                          keep a grant for the repeat of the request; abandon: as cancel, and
                          refuse an acquire of this token that arrives late. A request with a key
                          that waited has its place kept
ARGV floor        int     highest fence the caller has seen
ARGV ended_ttl_ms int     how long an ended lease is remembered

RETURN next_ms expired claim_timeouts outcome
  1   left
  2   granted: it had a grant or a lease, which stays as it is for timeout
  3   nothing: it had none of them, or another attachment has it

COST O(names), and O(64) waiters granted
]]
-- @use lib/advance.lua
-- @use lib/save.lua
-- @use lib/tokens.lua
local token, attach, how = ARGV[1], tonumber(ARGV[2]), ARGV[3]
local floor, ended_ttl_ms = tonumber(ARGV[4]), tonumber(ARGV[5])
local call = begin(KEYS[1], floor, ended_ttl_ms)
local locks = open_all(call, KEYS, token)
-- A freeing command first: a place is given up, or kept, on a full Redis as well.
redis.call('HDEL', KEYS[1], '')

local outcome = 3
local waiter = read_waiter(locks[1], token)
if waiter and waiter.attach == attach then
  outcome = 1
  set_aside(locks, token, waiter)
end
for _, lock in ipairs(locks) do
  local lease = find_lease(lock, token)
  if lease and (lease.attach or 1) == attach then
    outcome = 2
    -- Another connection was told of it as well: whoever repeats a request may still have its answer.
    if how == 'detach' and not lease.shared then
      lease.kept = now_us + KEEP_PLACE_MS * 1000
      lease.claim_by = lease.kept
      change_lease(lock, token, lease)
    elseif how == 'cancel' or how == 'abandon' then
      end_lease(lock, token, lease, 'released', now_us)
    end
  end
end
-- A call that was given up on arrives, if at all, before this has passed.
if how == 'abandon' and outcome == 3 then
  redis.call('SET', call.prefix .. 'abandoned:' .. token, 1, 'PX', 60000)
end
for _, lock in ipairs(locks) do advance(lock) end
return answer(call, { outcome })
