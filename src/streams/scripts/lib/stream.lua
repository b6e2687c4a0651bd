-- One stream during one call. Its keys share the tag of the declared one:
--
--   meta  hash    n: entries that were ever appended; last: id of the newest one; gone: id of the
--                 newest one that was dropped; bytes: of the entries in the log
--   log   stream  entries with the ids <ms>-<n>: n counts all entries of the stream, so the
--                 difference of two is how many are between them, deleted ones included
--
-- The log ends by its age or a DELETE, and the numbers go on for a while: readers learn what they missed.
--
-- And `watchers`, for as long as instances watch it, see redis/scripts/lib/watchers.lua, and the keys of
-- its groups and readers, see group.lua and readers.lua. While it has groups no key ends by itself.
-- @whole

-- Longer than a reader stays away.
local NUMBERS_KEPT_MS = 7 * 86400000
local SETTINGS = { 'capacity', 'max_age_ms', 'max_bytes', 'refuses' }

local now_ms = math.floor(now_us / 1000)

local function id_of(ms, n)
  return string.format('%.0f-%.0f', ms, n)
end

-- @return the two numbers of an id
local function parse_id(id)
  local ms, n = string.match(id, '^(%d+)-(%d+)$')
  return tonumber(ms), tonumber(n)
end

local function is_before(ms, n, other_ms, other_n)
  return ms < other_ms or ms == other_ms and n < other_n
end

-- @param settings the numbers of SETTINGS; max_age_ms 0 for none
local function open(meta, settings)
  local prefix, at = string.match(meta, '^[^}]*}:'), 0
  local stream = { meta = meta, prefix = prefix, log = prefix .. 'log', watchers = prefix .. 'watchers',
    groups = prefix .. 'groups', readers = prefix .. 'readers', marked = prefix .. 'marked' }
  for number in string.gmatch(settings, '%d+') do
    at = at + 1
    stream[SETTINGS[at]] = tonumber(number)
  end
  local fields = redis.call('HMGET', meta, 'n', 'last', 'gone', 'bytes')
  stream.n, stream.last, stream.has_numbers = tonumber(fields[1] or 0), fields[2] or '0-0', fields[1]
  stream.exists = redis.call('EXISTS', stream.log) == 1
  stream.gone, stream.bytes = stream.last, 0
  if stream.exists then stream.gone, stream.bytes = fields[3], tonumber(fields[4]) end
  -- Entries up to this time are too old.
  stream.old_ms = stream.max_age_ms > 0 and now_ms - stream.max_age_ms or -1
  return stream
end

-- The newest entry that is gone or too old: '0-0' before the first.
local function gone_of(stream)
  if stream.old_ms < 0 then return stream.gone end
  local old = redis.call('XREVRANGE', stream.log, string.format('%.0f', stream.old_ms), '-', 'COUNT', 1)[1]
  return old and old[1] or stream.gone
end

-- Without an age, or with groups, the log and its numbers are kept until a DELETE. Else the log ends with
-- its newest entry, and its numbers and marks later.
local function set_end(stream)
  local kept = { stream.meta, stream.readers, stream.marked }
  if stream.exists and stream.max_age_ms == 0 or redis.call('EXISTS', stream.groups) == 1 then
    local had_end = redis.call('PERSIST', stream.meta) == 1
    -- Saves work: while the numbers have no end, nothing else has.
    if stream.has_numbers and not had_end then return end
    redis.call('PERSIST', stream.log)
    for _, key in ipairs(kept) do redis.call('PERSIST', key) end
    return
  end
  local end_ms = stream.exists and parse_id(stream.last) + stream.max_age_ms or 0
  local left_ms = math.max(0, end_ms - now_ms)
  redis.call('PEXPIRE', stream.log, left_ms)
  for _, key in ipairs(kept) do redis.call('PEXPIRE', key, left_ms + NUMBERS_KEPT_MS) end
end
