-- The ends of the leases of a lock, for as long as they are remembered.

-- @use lock.lua
-- @use requests.lua

-- A holder hears that its lease expired rather than that it is not the owner: a lock remembers at
-- least its last 5000 ends, and at most 10,000.
local ENDS_KEPT = 5000

local function remember_end(lock, token, lease, how, at, reason)
  local key = part(lock, 'ended')
  local entry = string.format('%s %.0f %.0f %s', how, lease.fence, at, reason or '')
  remember_outcome(lock.call, token, lease, entry)
  redis.call('HSET', key, token, entry, 'last', entry)
  redis.call('PEXPIRE', key, lock.call.ended_ttl_ms)
  if redis.call('HLEN', key) > ENDS_KEPT then redis.call('RENAME', key, part(lock, 'ended-before')) end
end

-- @param token 'last' for the newest end
local function read_end(lock, token)
  return redis.call('HGET', part(lock, 'ended'), token)
    or redis.call('HGET', part(lock, 'ended-before'), token)
end

-- How a lease ended, its fence and the reason; nil where no end is remembered.
local function parse_end(entry)
  local how, fence, reason = string.match(entry, '^(%S+) (%S+) %S+ (.*)$')
  return how, tonumber(fence), reason
end

local function find_end(lock, token)
  return parse_end(read_end(lock, token) or '')
end
