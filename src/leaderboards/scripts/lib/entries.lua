-- Submitted entries.
-- @use board.lua
-- @use change.lua
-- @use members.lua
-- @use ranks.lua

-- The entries in the arguments from `first` on, and their ids.
local function entries_of(args, first)
  local entries, ids = {}, {}
  for at = first, #args, 5 do
    ids[#ids + 1] = args[at]
    entries[#ids] = { id = args[at], ops = args[at + 1], if_seq = args[at + 2], metadata = args[at + 3], scores = args[at + 4] }
  end
  return entries, ids
end

-- id -> stored bytes; updated entry by entry.
local function prefixes_of(board, ids)
  local prefixes = {}
  for at, prefix in ipairs(redis.call('HMGET', board.places, unpack(ids))) do prefixes[ids[at]] = prefix end
  return prefixes
end

-- The result of rank_of for each entry, as of now.
local function places_of(board, entries, prefixes)
  local places, cache = {}, {}
  for at, entry in ipairs(entries) do
    local prefix = prefixes[entry.id]
    places[at] = prefix and { rank_of(board, entry.id, prefix, cache) } or { 0, 0, 0, 0 }
  end
  return places
end

local function write_entry(board, entry, old_prefix, columns)
  if old_prefix then remove_ranked(board, entry.id, old_prefix) end
  local prefix = columns .. encode_sequence(board, redis.call('HINCRBY', board.key, 'seq', 1))
  redis.call('HSET', board.places, entry.id, prefix)
  if not is_hidden(board, entry.id) then add_ranked(board, entry.id, prefix) end
  if entry.metadata ~= '' then redis.call('HSET', board.metadata, entry.id, entry.metadata) end
  return prefix
end

local function is_stale(board, entry)
  if entry.if_seq == '' then return false end
  local last = redis.call('HGET', board.client, entry.id)
  return last and tonumber(entry.if_seq) <= tonumber(last)
end

local function apply_entry(board, entry, bounds, prefixes)
  if is_stale(board, entry) then return STALE end
  local old_prefix = prefixes[entry.id]
  local old = old_prefix and columns_of(board, old_prefix)
  local columns = apply(board, entry.ops, old, encode_scores(board, entry.scores))
  if not columns or not within_bounds(board, bounds, columns) then return OUT_OF_RANGE end
  if columns ~= old then prefixes[entry.id] = write_entry(board, entry, old_prefix, columns) end
  if entry.if_seq ~= '' then redis.call('HSET', board.client, entry.id, entry.if_seq) end
  if board.member_ttl_ms > 0 then
    redis.call('ZADD', board.seen, string.format('%.0f', math.floor(now_us / 1000)), entry.id)
  end
  if columns == old then return UNCHANGED end
  entry.better = not old or before(columns, old)
  return CHANGED
end

-- Applies the entries in order. @return whether a score changed
local function apply_entries(board, entries, bounds, prefixes)
  local is_changed = false
  for _, entry in ipairs(entries) do
    entry.outcome = apply_entry(board, entry, bounds, prefixes)
    is_changed = is_changed or entry.outcome == CHANGED
  end
  return is_changed
end
