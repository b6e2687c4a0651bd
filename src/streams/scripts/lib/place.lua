-- Places in a stream.

-- @use stream.lua

-- An id that is missing was deleted only if the numbers of all ids around it grow with the ids. A
-- history that another one replaced, as a failover does, shows as numbers that do not.
-- @return entries that were dropped after the id; -1 if its history was replaced; nil if none
local function missed_after(stream, ms, n)
  local id = id_of(ms, n)
  local gone = gone_of(stream)
  local gone_ms, gone_n = parse_id(gone)
  if id == gone then return nil end
  local last_ms, last_n = parse_id(stream.last)
  if is_before(ms, n, gone_ms, gone_n) then return n < gone_n and gone_n - n or -1 end
  if is_before(last_ms, last_n, ms, n) then return -1 end
  local found = redis.call('XREVRANGE', stream.log, id, '-', 'COUNT', 1)[1]
  if found and found[1] == id then return nil end
  local _, before_n = parse_id(found and found[1] or gone)
  local after = redis.call('XRANGE', stream.log, '(' .. id, '+', 'COUNT', 1)[1]
  local _, after_n = parse_id(after and after[1] or id_of(last_ms, last_n + 1))
  return (before_n >= n or after_n <= n) and -1 or nil
end

-- @return what missed_after says of a place that is an id, and the ids of the oldest and the newest
--   entry, '' without one; nil where no entries after the place were dropped
local function loss_after(stream, place)
  local ms, n = parse_id(place)
  local missed = ms and missed_after(stream, ms, n)
  if not missed then return nil end
  local oldest = redis.call('XRANGE', stream.log, id_of(stream.old_ms + 1, 0), '+', 'COUNT', 1)[1]
  return missed, oldest and oldest[1] or '', oldest and stream.last or ''
end

-- @param place 'start', 'end', 'at:' and a time in ms, or an id
-- @return the first id of a range after it
local function first_after(stream, place)
  local _, gone_n = parse_id(gone_of(stream))
  local floor_ms = stream.old_ms + 1
  if place == 'start' then return id_of(floor_ms, 0), gone_n end
  local at_ms = string.match(place, '^at:(%d+)$')
  if at_ms then return id_of(math.max(floor_ms, tonumber(at_ms)), 0), 0 end
  return '(' .. (place == 'end' and stream.last or place), 0
end

-- @return the last id of a range before it
local function last_before(place)
  if place == 'end' then return '+' end
  local at_ms = string.match(place, '^at:(%d+)$')
  local id = at_ms and at_ms .. '-0' or place
  -- Redis excludes no id from a range that would be empty, and no entry has this one.
  return id == '0-0' and id or '(' .. id
end
