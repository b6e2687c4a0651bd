-- What every script of this room knows about the record of one lock.

-- A deadline has passed when the server's clock says so and, where the caller sends its own
-- estimate of that clock (now_guard, 0 for none), the estimate agrees: a clock that jumps forward
-- must not end every lease at once.
local function is_past(deadline_us, now_guard)
  return deadline_us <= now_us and (now_guard == 0 or deadline_us <= now_guard)
end

-- Remembers how a lease ended, so that its holder hears "expired" rather than "not yours".
local function remember_end(ended_key, token, how, fence, ended_ttl_ms)
  redis.call('LPUSH', ended_key, table.concat({ token, how, fence, string.format('%.0f', now_us) }, ' '))
  redis.call('LTRIM', ended_key, 0, 7)
  redis.call('PEXPIRE', ended_key, ended_ttl_ms)
end

-- How the lease of a token ended and its fence, or nil for a token this lock does not remember.
local function find_end(ended_key, token)
  for _, entry in ipairs(redis.call('LRANGE', ended_key, 0, 7)) do
    local known, how, fence = string.match(entry, '^(%S+) (%S+) (%S+)')
    if known == token then return how, tonumber(fence) end
  end
end

-- Token, fence and deadline of the live holder, or nil. Ends a lease whose time is over; DEL comes
-- first because a full Redis lets a script write only after its first freeing command.
local function holder_of(lock_key, ended_key, now_guard, ended_ttl_ms)
  local lease = redis.call('HMGET', lock_key, 'token', 'fence', 'until')
  if not lease[1] then return nil end
  local fence, deadline_us = tonumber(lease[2]), tonumber(lease[3])
  if not is_past(deadline_us, now_guard) then return lease[1], fence, deadline_us end
  redis.call('DEL', lock_key)
  remember_end(ended_key, lease[1], 'expired', lease[2], ended_ttl_ms)
end

-- Milliseconds until a deadline, rounded down: a lease must not look longer than it is.
local function ms_left(deadline_us)
  return math.max(0, math.floor((deadline_us - now_us) / 1000))
end
