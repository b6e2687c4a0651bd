--[[
locks.claim: a waiter takes the grant that was announced to it; the time of the lease starts now.

KEYS lock[]       hash    the locks it waited for
ARGV token        string  of the waiter
ARGV attach       int     attachment number of the caller
ARGV floor        int     highest fence the caller has seen
ARGV ended_ttl_ms int     how long an ended lease is remembered

RETURN next_ms expired claim_timeouts gone outcome ...
  1, grant   granted; grant: see granted in lib/claims.lua
  2          nothing: the grant expired, or was never made

COST O(names)
]]
-- @use lib/advance.lua
-- @use lib/claims.lua
-- @use lib/save.lua
local token, attach = ARGV[1], tonumber(ARGV[2])
local floor, ended_ttl_ms = tonumber(ARGV[3]), tonumber(ARGV[4])
local call = begin(KEYS[1], floor, ended_ttl_ms)
local locks = open_all(call, KEYS, token)
for _, lock in ipairs(locks) do advance(lock, token) end
if not holds_all(locks, token) then return answer(call, { 2 }) end
-- First, because a full Redis refuses HSET but lets it through after a PEXPIRE.
for _, lock in ipairs(locks) do redis.call('PEXPIRE', lock.key, KEEP_MS, 'GT') end
claim(locks, token, attach)
return answer(call, granted(locks, 1, token))
