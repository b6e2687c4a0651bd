-- Answers a request whose idempotency key was seen before.

-- @use advance.lua
-- @use claims.lua
-- @use refusals.lua

-- A repeat waits until the later deadline of the two, at the instance that received it.
local function attach_again(call, token, waiter, request, wait_ms)
  waiter.attach, waiter.instance = waiter.attach + 1, request.instance
  waiter.wait_until = math.max(waiter.wait_until, now_us + math.max(1, wait_ms) * 1000)
  redis.call('ZREM', call.prefix .. 'suspects', request.instance)
  remember_request(call, token, waiter, ms_until(waiter.wait_until))
end

local function replay_grant(locks, token)
  for _, lock in ipairs(locks) do
    local lease = find_lease(lock, token)
    lease.attach = (lease.attach or 1) + 1
    -- The connection before this one may have the answer.
    lease.shared = lease.shared or not lease.claim_by or nil
    change_lease(lock, token, lease)
  end
  claim(locks, token)
  return granted(locks, 2, token)
end

-- @return nil when the first attempt left nothing behind
local function repeat_request(locks, known, request, wait_ms)
  local call, key = locks[1].call, request_key(locks[1].call, request)
  local fingerprint, token = string.match(known, '^(%S+) (%S+)')
  if fingerprint ~= request.fingerprint then return { 6 } end
  for _, lock in ipairs(locks) do advance(lock, token) end
  -- A dismissed waiter takes its record along; the record of an expired grant keeps its place.
  local what, rest = string.match(redis.call('GET', key) or '', '^%S+ %S+ (%S+) (.+)$')
  local place = what == 'place' and rest
  local waiter = place and cmsgpack.unpack(place) or read_waiter(locks[1], token)
  if place and is_past(waiter.kept) then return end
  local refusal = place and refuse_place(locks, waiter)
  if refusal then return refusal end
  if waiter then attach_again(call, token, waiter, request, wait_ms) end
  if place then
    waiter.kept = nil
    for _, lock in ipairs(locks) do enqueue(lock, token, waiter) end
    for _, lock in ipairs(locks) do advance(lock) end
  end
  if holds_all(locks, token) then return replay_grant(locks, token) end
  if waiter then
    for _, lock in ipairs(locks) do write_waiter(lock, token, waiter) end
    return { 5, waiter.attach, ms_until(waiter.wait_until), token, waiter.ticket }
  end
  local how, fence, reason = parse_end(what == 'ended' and rest or '')
  if how then return { 7, fence, how, reason } end
  if redis.call('EXISTS', key) == 1 then return { 7, 0, 'expired', '' } end
end
