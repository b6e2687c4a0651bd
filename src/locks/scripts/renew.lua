--[[
locks.renew: move the end of a lease away, if the caller still holds it.

KEYS lock         hash    token, fence, until (us)
KEYS ended        list    the last 8 ended leases
ARGV token        string  proof of ownership
ARGV ttl_ms       int     wanted time from now; a lease is never shortened
ARGV now_guard    int     the caller's estimate of the server's clock in us, 0 for none
ARGV ended_ttl_ms int     how long an ended lease is remembered

RETURN outcome fence ms how
  1, fence, left, ''   renewed
  2, fence, 0, how     the lease has ended: expired, released, revoked
  3, 0, 0, ''          not a token of this lock

COST O(1)
]]
-- @use lib/lease.lua
local lock_key, ended_key = KEYS[1], KEYS[2]
local token, ttl_ms = ARGV[1], tonumber(ARGV[2])
local now_guard, ended_ttl_ms = tonumber(ARGV[3]), tonumber(ARGV[4])

local holder, fence, deadline_us = holder_of(lock_key, ended_key, now_guard, ended_ttl_ms)
if holder ~= token then
  local how, old_fence = find_end(ended_key, token)
  if how then return { 2, old_fence, 0, how } end
  return { 3, 0, 0, '' }
end

-- A late duplicate with a shorter time must not cut what a newer renewal has promised.
local wanted_us = now_us + ttl_ms * 1000
if wanted_us > deadline_us then
  deadline_us = wanted_us
  -- First, because a full Redis refuses HSET but lets it through after a PEXPIRE.
  redis.call('PEXPIRE', lock_key, ttl_ms + ended_ttl_ms)
  redis.call('HSET', lock_key, 'until', string.format('%.0f', deadline_us))
end
return { 1, fence, ms_left(deadline_us), '' }
