-- How leases of a lock ended, as long as it is remembered.

-- @use lock.lua
-- @use requests.lua

-- Every end is remembered, so that a holder hears "expired" rather than "not yours": the last 5000 of
-- a lock at least, and 10,000 at most.
local ENDS_KEPT = 5000

local function remember_end(lock, token, lease, how, at, reason)
  local key = part(lock, 'ended')
  local entry = string.format('%s %.0f %.0f %s', how, lease.fence, at, reason or '')
  remember_outcome(lock.call, token, lease, entry)
  redis.call('HSET', key, token, entry, 'last', entry)
  redis.call('PEXPIRE', key, lock.call.ended_ttl_ms)
  if redis.call('HLEN', key) > ENDS_KEPT then redis.call('RENAME', key, part(lock, 'ended-before')) end
end

-- @param token 'last' for that which ended last
local function read_end(lock, token)
  return redis.call('HGET', part(lock, 'ended'), token) or redis.call('HGET', part(lock, 'ended-before'), token)
end

-- How a lease ended, its fence and reason, or nil where nothing is remembered.
local function parse_end(entry)
  local how, fence, reason = string.match(entry, '^(%S+) (%S+) %S+ (.*)$')
  return how, tonumber(fence), reason
end

local function find_end(lock, token)
  return parse_end(read_end(lock, token) or '')
end
