-- What is remembered of a request with an idempotency key: `<fingerprint> <token>`, and behind them
-- `place` with its place, while it has one without a client, or `ended` with how its lease ended. Such a place is in no queue: grants pass over it, and it
-- counts for nobody. A repeat in time is put back where it stood.

-- So long a place, or a grant nobody collected, is kept for the repeat.
local KEEP_PLACE_MS = 10000

local function request_key(call, request)
  return call.prefix .. 'idempotency:' .. request.digest
end

-- It outlives the wait by its time, so that the repeat of a late grant finds it.
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

-- Longer than the lock remembers it, the repeat hears how its lease ended.
local function remember_outcome(call, token, lease, outcome)
  local known = lease.digest and redis.call('GET', request_key(call, lease))
  -- By now the key may be that of another request.
  if not known or string.match(known, '^%S+ (%S+)') ~= token then return end
  redis.call('SET', request_key(call, lease), lease.fingerprint .. ' ' .. token .. ' ended ' .. outcome, 'KEEPTTL')
end

local function forget_request(call, request)
  if request.digest then redis.call('DEL', request_key(call, request)) end
end
