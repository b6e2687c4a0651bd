--[[
locks.leave: the caller of an acquire no longer waits for the answer. Undoes the acquire, unless a
repeat of the request has taken over its place.

KEYS lock[]       hash    the locks it asked for
ARGV token        string  of the acquire
ARGV attach       int     attachment number of the caller; an older one does nothing
ARGV how          string  timeout: only leave the queue; cancel: release a grant as well; detach:
                          keep a grant for the repeat of the request; abandon: as cancel, and
                          refuse an acquire of this token that arrives late. The place of a
                          request with a key is kept
ARGV floor        int     highest fence the caller has seen
ARGV ended_ttl_ms int     how long an ended lease is remembered

RETURN next_ms expired claim_timeouts gone outcome
  1   left
  2   granted: it had a grant or a lease, which timeout leaves as it is
  3   nothing: it had neither, or another attachment has it

COST O(names), and O(64) waiters granted
]]
-- @use lib/advance.lua
-- @use lib/save.lua
local token, attach, how = ARGV[1], tonumber(ARGV[2]), ARGV[3]
local floor, ended_ttl_ms = tonumber(ARGV[4]), tonumber(ARGV[5])
local call = begin(KEYS[1], floor, ended_ttl_ms)
local locks = open_all(call, KEYS, token)
-- A freeing command first, so that a full Redis lets the others through.
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
    -- A shared lease stays: another connection may have the answer as well.
    if how == 'detach' and not lease.shared then
      lease.kept = now_us + KEEP_PLACE_MS * 1000
      lease.claim_by = lease.kept
      change_lease(lock, token, lease)
    elseif how == 'cancel' or how == 'abandon' then
      end_lease(lock, token, lease, 'released', now_us)
    end
  end
end
-- An abandoned acquire arrives within this time, or never.
if how == 'abandon' and outcome == 3 then
  redis.call('SET', call.prefix .. 'abandoned:' .. token, 1, 'PX', 60000)
end
for _, lock in ipairs(locks) do advance(lock) end
return answer(call, { outcome })
