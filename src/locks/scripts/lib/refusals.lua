-- Why a request can have neither its lock nor a place in the queue.

-- @use carried.lua
-- @use lock.lua

local function refuse(locks, request)
  local kind = request.permits and 'semaphore' or 'lock'
  for _, lock in ipairs(locks) do
    if (kind_of(lock) or kind) ~= kind then return { 9, lock.name } end
  end
  if request.permits then
    local lock = locks[1]
    local stored = tonumber(redis.call('HGET', part(lock, 'capacity'), 'capacity') or nil)
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

-- Why a waiter cannot have its place again, if so. That its session is full is no reason: it had the
-- place before.
local function refuse_place(locks, waiter)
  local refusal = refuse(locks, waiter)
  if refusal and refusal[1] ~= 13 then return refusal end
end
