-- One queue during one call. Its keys share the tag of the declared one and end at the same moment:
--
--   stat     hash  id (the last one), floor, bytes and totals
--   ready    zset  ids, by priority and id
--   delayed  zset  ids, by the time in us at which they are ready
--   leased   zset  ids, by the time in us at which their visibility ends
--   dead     zset  ids, by the time in us at which they became dead letters
--   msg      hash  id -> state, see message.lua
--   body     hash  id -> bytes that only the service reads, written once
--   heads    hash  group -> id of the message that is next, or was delivered
--   behind   zset  the other messages of groups, see groups.lua; all with score 0
--
-- `waiting`, the instances where receivers wait, ends by itself: see redis/scripts/lib/wake.lua.
-- @whole

-- @use ../../../redis/scripts/lib/wake.lua

local PARTS = { 'stat', 'ready', 'delayed', 'leased', 'dead', 'msg', 'body', 'heads', 'behind' }
local SETTINGS = { 'keep_ms', 'retention_ms', 'dead_retention_ms', 'dead_capacity', 'max_failures',
  'base_ms', 'max_ms', 'capacity', 'max_bytes', 'dedup_window_ms' }

local now_ms = math.floor(now_us / 1000)

-- @param settings the numbers of SETTINGS; keep_ms: how long the keys outlive every deadline
local function open(stat, settings)
  local prefix, at = string.match(stat, '^[^}]*}:'), 0
  local queue = { prefix = prefix, changes = {}, grown = {}, later_ms = 0, readied = 0, waiting = prefix .. 'waiting' }
  for _, part in ipairs(PARTS) do queue[part] = prefix .. part end
  for number in string.gmatch(settings, '%d+') do
    at = at + 1
    queue[SETTINGS[at]] = tonumber(number)
  end
  return queue
end

-- Redis tests its memory until the first write of a script. Calls that must work while it is full begin
-- with a write that frees memory, or with this one.
local function begin_freeing(queue)
  redis.call('ZREM', queue.leased, '')
end

-- Adds to a part of the queue that may be empty.
local function put(queue, command, part, ...)
  queue.grown[part] = true
  return redis.call(command, queue[part], ...)
end

local function count(queue, total, by)
  -- Saves work: a total that stays as it is.
  if by == 0 then return end
  queue.changes[total] = (queue.changes[total] or 0) + by
end

-- @return how many messages the call expired, timed out, made dead letters and dropped
local function met(queue)
  local changes = queue.changes
  return changes.expired or 0, changes.timedOut or 0, changes.dead or 0, changes.dropped or 0
end

-- Notes a deadline that this call sets.
local function outlive(queue, ms)
  queue.later_ms = math.max(queue.later_ms, ms)
end

local function expire_at(queue, part, at_ms, ...)
  redis.call('PEXPIREAT', queue[part], string.format('%.0f', at_ms), ...)
end

-- Sees to it that all keys end together, after every deadline and keep_ms. A part that was empty has no
-- end yet; stat has none only if it is new.
local function keep(queue)
  local need_ms, server_ms = queue.keep_ms + queue.later_ms, math.floor(server_us / 1000)
  local ends_ms = redis.call('PEXPIRETIME', queue.stat)
  if ends_ms - server_ms < need_ms then
    for _, part in ipairs(PARTS) do expire_at(queue, part, server_ms + 2 * need_ms) end
  else
    for part in pairs(queue.grown) do expire_at(queue, part, ends_ms, 'NX') end
  end
end

-- After a call that changed something: writes the totals and keeps the queue. Wakes receivers for what
-- became ready.
local function save(queue)
  if not next(queue.grown) and not next(queue.changes) then return end
  for total, by in pairs(queue.changes) do redis.call('HINCRBY', queue.stat, total, by) end
  keep(queue)
  if queue.readied > 0 then wake(queue.waiting, queue.readied) end
  if queue.delay_ms then wake_in(queue.waiting, queue.delay_ms) end
end
