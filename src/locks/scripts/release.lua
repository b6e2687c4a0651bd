--[[
locks.release: end a lease, if the caller holds it.

KEYS lock         hash    token, fence, until (us), since (us)
KEYS ended        list    the last 8 ended leases
ARGV token        string  proof of ownership
ARGV now_guard    int     the caller's estimate of the server's clock in us, 0 for none
ARGV ended_ttl_ms int     how long an ended lease is remembered

RETURN outcome fence held_ms how
  1, fence, held, ''   released
  2, fence, 0, how     the lease had ended: released (a repeat), expired, revoked
  3, 0, 0, ''          not a token of this lock

COST O(1)
]]
-- @use lib/lease.lua
local lock_key, ended_key = KEYS[1], KEYS[2]
local token, now_guard, ended_ttl_ms = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3])

local holder, fence = holder_of(lock_key, ended_key, now_guard, ended_ttl_ms)
if holder ~= token then
  local how, old_fence = find_end(ended_key, token)
  if how then return { 2, old_fence, 0, how } end
  return { 3, 0, 0, '' }
end

local since_us = tonumber(redis.call('HGET', lock_key, 'since'))
redis.call('DEL', lock_key)
remember_end(ended_key, token, 'released', string.format('%.0f', fence), ended_ttl_ms)
return { 1, fence, math.max(0, math.floor((now_us - since_us) / 1000)), '' }
