-- The steps of an acquire, and the head that every answer of this room begins with.

-- @use grants.lua

local function answer(call, reply)
  local next_ms = save_all(call)
  local all = { next_ms, call.expired, call.lapsed }
  for i = 1, #reply do all[i + 3] = reply[i] end
  return all
end

local function copy(record)
  local twin = {}
  for field, value in pairs(record) do twin[field] = value end
  return twin
end

-- What the holder of a token may know; fences in the order of the names.
local function granted(locks, outcome, token)
  local lease = read_lease(locks[1], token)
  local reply = { outcome, ms_left(deadline_of(locks[1], lease)), hold_count(locks[1], lease),
    lease.mode or 'exclusive', math.floor((lease.waited_us or 0) / 1000), token, lease.attach or 1 }
  for _, lock in ipairs(locks) do reply[#reply + 1] = read_lease(lock, token).fence end
  return reply
end

-- A waiter takes its grant; also the repeat of a request whose first answer was cut off.
-- @param attach of the connection that takes it, nil for the newest
local function claim(locks, token, attach)
  for _, lock in ipairs(locks) do
    local lease = find_lease(lock, token)
    if lease.claim_by then
      start_lease(lease)
      change_lease(lock, token, lease)
      -- Of one that joined another, all was said when that was granted.
      if hold_count(lock, lease) == 1 then emit(lock, 'granted', lease) end
    end
    -- An older connection has the lease as well: it stays when the newest goes away.
    if attach and attach ~= (lease.attach or 1) and not lease.shared then
      lease.shared = true
      change_lease(lock, token, lease)
    end
  end
end

local function holds_all(locks, token)
  for _, lock in ipairs(locks) do
    if not find_lease(lock, token) then return false end
  end
  return true
end

local function refuse(locks, request)
  local kind = request.permits and 'semaphore' or 'lock'
  for _, lock in ipairs(locks) do
    if (kind_of(lock) or kind) ~= kind then return { 9, lock.name } end
  end
  if request.permits then
    local lock = locks[1]
    local stored = tonumber(redis.call('GET', part(lock, 'capacity')) or nil)
    local known = stored or (lock.kind and lock.capacity)
    if not stored and (known or request.capacity or 0) ~= (request.capacity or known) then
      return { 10, known or 0 }
    end
    lock.kind, lock.capacity = kind, known or request.capacity
    if request.permits > lock.capacity then return { 11, lock.capacity } end
  end
  for _, lock in ipairs(locks) do lock.kind = kind end
  if request.session then
    if is_over(locks[1].call, request.session) then return { 12 } end
    if count_carried(locks[1].call, request.session) + #locks > MAX_CARRIED then return { 13 } end
  end
end

-- Why a waiter cannot stand where it stood before, if so. Of a session that is full by now it had its
-- place before.
local function refuse_place(locks, waiter)
  local refusal = refuse(locks, waiter)
  if refusal and refusal[1] ~= 13 then return refusal end
end

-- A repeat waits until the later end of both waits, at the instance that it came to.
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
    -- The connection before this one was told of it, for all we know.
    lease.shared = lease.shared or not lease.claim_by or nil
    change_lease(lock, token, lease)
  end
  claim(locks, token)
  return granted(locks, 2, token)
end

-- Answers a request whose key was seen before; nil when its first attempt left nothing behind.
local function repeat_request(locks, known, request, wait_ms)
  local call, key = locks[1].call, request_key(locks[1].call, request)
  local fingerprint, token = string.match(known, '^(%S+) (%S+)')
  if fingerprint ~= request.fingerprint then return { 6 } end
  for _, lock in ipairs(locks) do advance(lock, token) end
  -- What is dismissed takes its record along, and of a grant that lapsed the place is kept there.
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

-- The same fence under another token with a deadline of its own.
local function join_lease(lock, token, request, held)
  share_lease(request, held)
  start_lease(request)
  add_lease(lock, token, request, true)
end

local function wait_in_line(locks, token, request, wait_ms)
  request.attach, request.at, request.wait_until = 1, now_us, now_us + wait_ms * 1000
  request.ticket = draw_ticket(locks)
  if #locks > 1 then
    request.names = {}
    for i, lock in ipairs(locks) do request.names[i] = lock.name end
  end
  for _, lock in ipairs(locks) do enqueue(lock, token, request) end
end
