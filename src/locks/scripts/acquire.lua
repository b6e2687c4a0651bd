--[[
locks.acquire: grant a lease on one lock, or say how long the present one lasts.

KEYS lock         hash    token, fence, until (us), since (us), owner, metadata; gone when idle
KEYS ended        list    the last 8 ended leases: "token how fence when"
KEYS fence        string  last fence of the bucket; kept 7 days, and the clock carries it further
KEYS memo?        string  "fingerprint token" of the request with this idempotency key
ARGV token        string  proof of ownership, made by the service
ARGV ttl_ms       int     lease length
ARGV owner        string  public name of the holder, '' for none
ARGV metadata     string  JSON shown to whoever inspects, '' for none
ARGV now_guard    int     the caller's estimate of the server's clock in us, 0 for none
ARGV floor        int     highest fence the caller has seen
ARGV ended_ttl_ms int     how long an ended lease is remembered
ARGV fingerprint  string  of the request, '' without an idempotency key
ARGV memo_ttl_ms  int     how long the memo is kept

RETURN outcome fence ms token
  1, fence, ttl, token    granted
  2, fence, left, token   granted before, to a request with the same key
  3, fence, left, ''      another lease holds the lock
  4, 0, 0, ''             the idempotency key belongs to another request
  5, fence, 0, how        the lease granted to this key has ended: expired, released, revoked

COST O(1)
MEMORY grows
]]
-- @use lib/lease.lua
local lock_key, ended_key, fence_key, memo_key = KEYS[1], KEYS[2], KEYS[3], KEYS[4]
local token, ttl_ms, owner, metadata = ARGV[1], tonumber(ARGV[2]), ARGV[3], ARGV[4]
local now_guard, floor = tonumber(ARGV[5]), tonumber(ARGV[6])
local ended_ttl_ms, fingerprint, memo_ttl_ms = tonumber(ARGV[7]), ARGV[8], tonumber(ARGV[9])

local holder, fence, deadline_us = holder_of(lock_key, ended_key, now_guard, ended_ttl_ms)

local memo = memo_key and redis.call('GET', memo_key)
if memo then
  local known, first_token = string.match(memo, '^(%S+) (%S+)$')
  if known ~= fingerprint then return { 4, 0, 0, '' } end
  if holder == first_token then return { 2, fence, ms_left(deadline_us), first_token } end
  local how, old_fence = find_end(ended_key, first_token)
  return { 5, old_fence or 0, 0, how or 'expired' }
end

if holder then return { 3, fence, ms_left(deadline_us), '' } end

-- The clock carries the fence over a lost key, the floor over a promoted replica that missed the
-- last grants: either alone would let a paused old holder outrank the new one.
local last = tonumber(redis.call('GET', fence_key) or 0)
fence = math.max(last + 1, now_us, floor + 1)
if fence > 9007199254740990 then error('fences are exhausted') end
local fence_text = string.format('%.0f', fence)
redis.call('SET', fence_key, fence_text, 'PX', 604800000)

redis.call('HSET', lock_key, 'token', token, 'fence', fence_text, 'owner', owner, 'metadata', metadata,
  'until', string.format('%.0f', now_us + ttl_ms * 1000), 'since', string.format('%.0f', now_us))
-- Outlives the lease so that its holder can still be told that it expired.
redis.call('PEXPIRE', lock_key, ttl_ms + ended_ttl_ms)
if memo_key then redis.call('SET', memo_key, fingerprint .. ' ' .. token, 'PX', memo_ttl_ms) end
return { 1, fence, ttl_ms, token }
