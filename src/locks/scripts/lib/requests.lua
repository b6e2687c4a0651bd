-- The idempotency record of a keyed request: `<fingerprint> <token>`, followed by `place` and the
-- waiter while that has no client, or by `ended` and how its lease ended. A waiter without a client
-- is in no queue: grants pass over it, and it does not count. A repeat in time restores its place.

-- How long a place, or an unclaimed grant, is kept for the repeat.
local KEEP_PLACE_MS = 10000

local function request_key(call, request)
  return call.prefix .. 'idempotency:' .. request.digest
end

-- The record outlives the wait by its own time, so that the repeat of a late grant finds it.
local function remember_request(call, token, request, wait_ms)
  if not request.digest then return end
  redis.call('SET', request_key(call, request), request.fingerprint .. ' ' .. token, 'PX',
    request.record_ttl_ms + wait_ms)
end

local function keep_place(call, token, waiter)
  if not waiter.digest then return end
  waiter.kept = now_us + KEEP_PLACE_MS * 1000
  redis.call('SET', request_key(call, waiter),
    waiter.fingerprint .. ' ' .. token .. ' place ' .. cmsgpack.pack(waiter), 'PX', KEEP_PLACE_MS)
end

-- For the repeat: the record keeps the end of a lease for longer than the lock does.
local function remember_outcome(call, token, lease, outcome)
  local known = lease.digest and redis.call('GET', request_key(call, lease))
  -- By now the key may belong to another request.
  if not known or string.match(known, '^%S+ (%S+)') ~= token then return end
  redis.call('SET', request_key(call, lease),
    lease.fingerprint .. ' ' .. token .. ' ended ' .. outcome, 'KEEPTTL')
end

local function forget_request(call, request)
  if request.digest then redis.call('DEL', request_key(call, request)) end
end
