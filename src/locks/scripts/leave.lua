--[[
locks.leave: a caller no longer waits for its answer. Undoes what its acquire did and is about to
do, as far as nobody else took the place over in the meantime.

KEYS lock[]       hash    the locks it asked for
ARGV token        string  of the acquire
ARGV attach       int     attachment number of the caller; an older one does nothing
ARGV how          string  timeout: only leave the queue; cancel: give back a grant as well; detach:
                          keep place or grant for keep_ms; abandon: as cancel, and refuse an
                          acquire of this token that arrives late
ARGV keep_ms      int     for detach and abandon
ARGV now_guard    int     the caller's estimate of the server's clock in us, 0 for none
ARGV floor        int     highest fence the caller has seen
ARGV ended_ttl_ms int     how long an ended lease is remembered

RETURN next_ms expired lapsed outcome
  1   left the queue
  2   had a grant or a lease; for timeout it was left as it is
  3   nothing was there, or another attachment has it

COST O(names), and O(64) waiters granted
]]
-- @use lib/acquire.lua
-- @use lib/tokens.lua
local token, attach, how, keep_ms = ARGV[1], tonumber(ARGV[2]), ARGV[3], tonumber(ARGV[4])
local now_guard, floor, ended_ttl_ms = tonumber(ARGV[5]), tonumber(ARGV[6]), tonumber(ARGV[7])
local call = begin(KEYS[1], now_guard, floor, ended_ttl_ms)
local locks = open_all(call, KEYS)
-- A freeing command first: a place is given up, or kept, on a full Redis as well.
redis.call('HDEL', KEYS[1], '')
for _, lock in ipairs(locks) do reap(lock, token) end

local outcome = 3
local waiter = read_waiter(locks[1], token)
if waiter and waiter.attach == attach then
  outcome = 1
  if how == 'detach' then
    waiter.kept = now_us + keep_ms * 1000
    for _, lock in ipairs(locks) do write_waiter(lock, token, waiter) end
  else dismiss(locks, token, waiter) end
end
for _, lock in ipairs(locks) do
  local lease = find_lease(lock, token)
  if lease and (lease.attach or 1) == attach then
    outcome = 2
    -- Another connection was told of it as well: whoever repeats a request may still have its answer.
    if how == 'detach' and not lease.shared then
      lease.kept = now_us + keep_ms * 1000
      lease.claim_by = lease.kept
      change_lease(lock, token, lease)
    elseif how == 'cancel' or how == 'abandon' then
      end_lease(lock, token, lease, 'released', now_us)
    end
  end
end
if how == 'abandon' and outcome == 3 then
  redis.call('SET', call.prefix .. 'abandoned:' .. token, 1, 'PX', keep_ms)
end
for _, lock in ipairs(locks) do advance(lock) end
return answer(call, { outcome })
