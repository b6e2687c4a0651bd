-- The outbox of one space in one partition: the keys whose entries are pending. None of its keys expires,
-- nor do the entries: what a caller was told is written waits until its origin has it. Times are us.
--   outbox   zset  key -> when it is due; +inf for one that failed, which waits for an operator
--   ages     zset  key -> when its origin began to be behind
--   pending  hash  key -> bytes attempts rest claim error; '' -> bytes of all
--     rest   until when the origin may still apply a request for the key: none is sent before
--     claim  token of the delivery under way, '-' for none

-- @use entry.lua

local PENDING = '^(%d+) (%d+) (%d+) (%S+) (.*)$'
local UNCLAIMED, FAILED = '-', '+inf'

local function read_pending(keys, name)
  local text = redis.call('HGET', keys.pending, name)
  if not text then return nil end
  local bytes, attempts, rest, claim, why = string.match(text, PENDING)
  return {
    bytes = tonumber(bytes), attempts = tonumber(attempts), rest = tonumber(rest), claim = claim, error = why,
  }
end

-- `due` is a score: us as text, or FAILED.
local function save_pending(keys, name, p, due)
  redis.call('ZADD', keys.outbox, due, name)
  redis.call('HSET', keys.pending, name,
    table.concat({ digits(p.bytes), digits(p.attempts), digits(p.rest), p.claim, p.error }, ' '))
end

local function bytes_of(keys) return tonumber(redis.call('HGET', keys.pending, '') or 0) end

-- No key is empty, so the bytes of none are no bytes.
local function add_bytes(keys, by)
  if redis.call('HINCRBY', keys.pending, '', by) == 0 then redis.call('HDEL', keys.pending, '') end
end

-- It begins with ZREM, after which a full Redis lets a script write.
local function forget_pending(keys, name, p)
  redis.call('ZREM', keys.outbox, name)
  redis.call('ZREM', keys.ages, name)
  redis.call('HDEL', keys.pending, name)
  add_bytes(keys, -p.bytes)
end

-- How many keys are pending, how many failed, their bytes, and since when the origin is behind, in ms.
local function state_of(keys)
  local failed = redis.call('ZCOUNT', keys.outbox, FAILED, FAILED)
  local oldest = tonumber(redis.call('ZRANGE', keys.ages, 0, 0, 'WITHSCORES')[2] or now_us)
  return redis.call('ZCARD', keys.outbox) - failed, failed, bytes_of(keys), ms(now_us - oldest)
end

-- The origin has it: the entry ends as others do, and marks count again. Those that came since it was
-- written may be gone where that is longer ago than anything lives; then it ends at once.
local function deliver_entry(clock, e)
  local moved = now_us - e.created
  local logical, stale, error_end = e.logical + moved, e.stale + moved, e.error + moved
  local ends = math.max(logical, stale, error_end)
  if now_us - e.fence > clock.life then ends = now_us end
  redis.call('SETRANGE', e.key, FLAGS_AT, string.char(e.negative and 1 or 0))
  redis.call('SETRANGE', e.key, LOGICAL_AT, struct.pack('>ddd', logical, stale, error_end))
  outlive(clock, e.fence, ends)
  redis.call('PEXPIRE', e.key, math.ceil((ends - now_us) / 1000))
end
