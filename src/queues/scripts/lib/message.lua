-- The state of a message:
--
--   priority       0 to 9
--   size           bytes of its body and of its error
--   sent_ms        when it was sent
--   wait_ms        from then to when it was first ready; nil until then
--   deliveries     how often it was delivered
--   failures       how many deliveries failed
--   group          nil without one
--   nonce          of its last delivery; nil after a nack, a release or as a dead letter
--   began_us       when that delivery began
--   error          of its last nack
--   first_failed_ms, last_failed_ms
--   dedup          digest of its dedup id; nil without one

-- @use queue.lua

local function write_message(queue, id, m)
  redis.call('HSET', queue.msg, id, cmsgpack.pack(m.priority, m.size, m.sent_ms, m.wait_ms, m.deliveries,
    m.failures, m.group, m.nonce, m.began_us, m.error, m.first_failed_ms, m.last_failed_ms, m.dedup))
end

local function parse_message(packed)
  local m = {}
  m.priority, m.size, m.sent_ms, m.wait_ms, m.deliveries, m.failures, m.group, m.nonce, m.began_us,
    m.error, m.first_failed_ms, m.last_failed_ms, m.dedup = cmsgpack.unpack(packed)
  return m
end

-- The key of a dedup id: the id of its message.
local function dedup_key(queue, dedup)
  return queue.prefix .. 'dedup:' .. dedup
end

local function read_message(queue, id)
  local packed = redis.call('HGET', queue.msg, id)
  return packed and parse_message(packed)
end

-- The time as which a message counts that is ready now.
local function note_ready(m)
  m.wait_ms = m.wait_ms or now_ms - m.sent_ms
end

local function is_too_old(queue, m)
  return m.sent_ms + m.wait_ms + queue.retention_ms <= now_ms
end

local function replace_error(queue, m, error)
  local more = #error - #(m.error or '')
  m.size = m.size + more
  count(queue, 'bytes', more)
  m.error = error ~= '' and error or nil
end

-- Larger than every id.
local CLASS = 562949953421312

-- The scores of one priority: class 0 is that of priority 9.
local function class_range(class, last_id)
  local from = class * CLASS
  return string.format('%.0f', from), string.format('%.0f', from + (last_id or CLASS - 1))
end

-- Higher priorities first, then older ids: a message that comes back takes its old place.
local function add_ready(queue, id, m)
  put(queue, 'ZADD', 'ready', string.format('%.0f', (9 - m.priority) * CLASS + tonumber(id)), id)
  queue.readied = queue.readied + 1
end

local function add_delayed(queue, id, ms)
  put(queue, 'ZADD', 'delayed', string.format('%.0f', now_us + ms * 1000), id)
  outlive(queue, ms)
  queue.delay_ms = math.min(queue.delay_ms or ms, ms)
end
