--[[
locks.inspect: who holds a lock, and how its last lease ended. Writes nothing.

KEYS lock       hash  token, fence, until (us), since (us), owner, metadata
KEYS ended      list  the last 8 ended leases
ARGV now_guard  int   the caller's estimate of the server's clock in us, 0 for none

RETURN held fence left_ms held_ms owner metadata how end_fence ended_ms_ago
  held 0 or 1; how is '' when no end is remembered

COST O(1)
]]
-- @use lib/lease.lua
local lock_key, ended_key = KEYS[1], KEYS[2]
local now_guard = tonumber(ARGV[1])

local held, fence, left, held_ms, owner, metadata = 0, 0, 0, 0, '', ''
local how, end_fence, ago = '', 0, 0

local lease = redis.call('HMGET', lock_key, 'fence', 'until', 'since', 'owner', 'metadata')
local last = redis.call('LINDEX', ended_key, 0)
if last then
  local ended_how, ended_fence, at = string.match(last, '^%S+ (%S+) (%S+) (%S+)$')
  how, end_fence = ended_how, tonumber(ended_fence)
  ago = math.floor((now_us - tonumber(at)) / 1000)
end
if lease[1] then
  local deadline_us = tonumber(lease[2])
  if is_past(deadline_us, now_guard) then
    how, end_fence, ago = 'expired', tonumber(lease[1]), math.floor((now_us - deadline_us) / 1000)
  else
    held, fence, left = 1, tonumber(lease[1]), ms_left(deadline_us)
    held_ms = math.floor((now_us - tonumber(lease[3])) / 1000)
    owner, metadata = lease[4], lease[5]
  end
end
return { held, fence, left, held_ms, owner, metadata, how, end_fence, ago }
