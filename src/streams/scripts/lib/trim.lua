-- Drops the oldest entries of a stream.

-- @use stream.lua

-- @param over how many entries there are too many
-- @return how many entries at the head of the log are dropped, and their bytes
local function surplus_of(stream, head, over, most_bytes)
  local count, bytes = 0, 0
  for _, entry in ipairs(head) do
    local ms = parse_id(entry[1])
    local is_over = count < over or stream.bytes - bytes > most_bytes or ms <= stream.old_ms
    if not is_over then break end
    count, bytes = count + 1, bytes + #entry[2][2]
  end
  return count, bytes
end

-- Whether there may be entries to drop, by numbers alone. True also for none after deletions of single
-- entries, and with an age.
local function may_drop(stream, most_entries, most_bytes)
  local gone_ms, gone_n = parse_id(stream.gone)
  return stream.n - gone_n > most_entries or stream.bytes > most_bytes or gone_ms <= stream.old_ms
end

-- Drops entries that are too old or beyond the bounds. Later calls drop what is left.
-- @param call what it may drop: `most` entries and `most_bytes`, which the last 16 may exceed; and as
--   many entries as it appends, whatever their size, so that a bound that holds goes on to hold
-- @return how many
local function trim(stream, call, most_entries, most_bytes)
  local dropped, dropped_bytes = 0, 0
  while may_drop(stream, most_entries, most_bytes) do
    local left = dropped_bytes < call.most_bytes and call.most - dropped or call.entries - dropped
    if left <= 0 then break end
    local over = redis.call('XLEN', stream.log) - most_entries
    -- Few at a time, because reading an entry copies it.
    local chunk = math.min(16, math.max(1, over), left)
    local head = redis.call('XRANGE', stream.log, '-', '+', 'COUNT', chunk)
    local count, bytes = surplus_of(stream, head, over, most_bytes)
    if count == 0 then break end
    stream.gone, stream.bytes = head[count][1], stream.bytes - bytes
    dropped, dropped_bytes = dropped + count, dropped_bytes + bytes
    local ms, n = parse_id(stream.gone)
    redis.call('XTRIM', stream.log, 'MINID', id_of(ms, n + 1))
  end
  return dropped
end

local function save(stream)
  redis.call('HSET', stream.meta, 'n', string.format('%.0f', stream.n), 'last', stream.last, 'gone',
    stream.gone, 'bytes', string.format('%.0f', stream.bytes))
  set_end(stream)
end
