-- One submitted entry. Each member is stored in two tables, which change with it: id ->
-- bytes of all columns, sequence; id -> last client sequence.
-- @use board.lua
-- @use change.lua
-- @use members.lua

local function write_entry(board, entry, old_prefix, columns)
  if old_prefix then unseat(board, entry.id, old_prefix) end
  local prefix = columns .. encode_sequence(board, redis.call('HINCRBY', board.key, 'seq', 1))
  redis.call('HSET', board.places, entry.id, prefix)
  if not is_hidden(board, entry.id) then seat(board, entry.id, prefix) end
  if entry.metadata ~= '' then redis.call('HSET', board.metadata, entry.id, entry.metadata) end
  return prefix
end

local function apply_entry(board, entry, bounds, prefixes, last_seqs)
  if entry.if_seq ~= '' and tonumber(entry.if_seq) <= last_seqs[entry.id] then return STALE end
  local old_prefix = prefixes[entry.id]
  local old = old_prefix and columns_of(board, old_prefix)
  local columns = apply(board, entry.ops, old, encode_scores(board, entry.scores))
  if not columns or not within_bounds(board, bounds, columns) then return OUT_OF_RANGE end
  if columns ~= old then prefixes[entry.id] = write_entry(board, entry, old_prefix, columns) end
  if entry.if_seq ~= '' then
    redis.call('HSET', board.client, entry.id, entry.if_seq)
    last_seqs[entry.id] = tonumber(entry.if_seq)
  end
  if board.member_ttl_ms > 0 then
    redis.call('ZADD', board.seen, string.format('%.0f', math.floor(now_us / 1000)), entry.id)
  end
  if columns == old then return UNCHANGED end
  entry.better = not old or before(columns, old)
  return CHANGED
end
