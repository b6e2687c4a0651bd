-- What is remembered of a request with an idempotency key: `<fingerprint> <token>`, and behind them its
-- place, while it has one without a client. Such a place is in no queue: grants pass over it, and it
-- counts for nobody. A repeat in time is put back where it stood.

-- So long a place, or a grant nobody collected, is kept for the repeat.
local KEEP_PLACE_MS = 10000

local function request_key(call, request)
  return call.prefix .. 'memo:' .. request.memo
end

-- It outlives the wait by its time, so that the repeat of a late grant finds it.
local function remember_request(call, token, request, wait_ms)
  if not request.memo then return end
  redis.call('SET', request_key(call, request), request.fingerprint .. ' ' .. token, 'PX',
    request.memo_ttl_ms + wait_ms)
end

local function keep_place(call, token, waiter)
  if not waiter.memo then return end
  waiter.kept = now_us + KEEP_PLACE_MS * 1000
  redis.call('SET', request_key(call, waiter), waiter.fingerprint .. ' ' .. token .. ' ' .. cmsgpack.pack(waiter),
    'PX', KEEP_PLACE_MS)
end

local function forget_request(call, request)
  if request.memo then redis.call('DEL', request_key(call, request)) end
end
