-- Entries from the index first to the index last, best first.
-- @use ranks.lua

-- The ranks of consecutive entries. They follow from the indexes; only a score that continues beyond the
-- entries must be counted.
-- @param before, after  the entries around them, or nil
local function ranks_of(board, members, first, before, after)
  local ranks, columns, count = {}, {}, #members
  local function is_of(entry, at) return entry and columns_of(board, entry) == columns[at] end
  for at, member in ipairs(members) do columns[at] = columns_of(board, member) end
  if board.ranking == 'ordinal' then
    for at = 1, count do ranks[at] = first + at end
  elseif board.ranking == 'modified' then
    ranks[count] = is_of(after, count) and place(board.order, columns[count] .. ABOVE) or first + count
    for at = count - 1, 1, -1 do
      ranks[at] = columns[at] == columns[at + 1] and ranks[at + 1] or first + at
    end
  else
    local is_dense = board.ranking == 'dense'
    ranks[1] = is_of(before, 1) and place(board.order, columns[1]) + 1 or first + 1
    if is_dense and before then ranks[1] = dense_rank(board, columns[1]) end
    for at = 2, count do
      if columns[at] == columns[at - 1] then ranks[at] = ranks[at - 1]
      else ranks[at] = is_dense and ranks[at - 1] + 1 or first + at end
    end
  end
  return ranks
end

-- Five lines per entry: id, scores, rank, position, metadata. None contains a line break, and the client
-- parses one text faster than a reply of many parts. The second value is the bytes of the entries.
local function list_entries(board, first, last)
  if first > last then return '', {} end
  local from = math.max(0, first - 1)
  local near = redis.call('ZRANGE', board.order, from, last + 1)
  local members, ids, lines = { unpack(near, first - from + 1, last - from + 1) }, {}, {}
  for at, member in ipairs(members) do ids[at] = string.sub(member, board.width + 1) end
  local metadata = redis.call('HMGET', board.metadata, unpack(ids))
  local ranks = ranks_of(board, members, first, near[first - from], near[last - from + 2])
  for at, member in ipairs(members) do
    lines[5 * at - 4], lines[5 * at - 3] = ids[at], decode_scores(board, member)
    lines[5 * at - 2], lines[5 * at - 1] = ranks[at], first + at
    lines[5 * at] = metadata[at] or ''
  end
  return table.concat(lines, '\n'), members
end
