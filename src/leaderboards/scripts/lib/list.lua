-- Entries from the index first to the index last, best first, as: id, scores, rank, position,
-- metadata. Only of the first and the last score must anything be counted: the entries of the others
-- are all here.
-- @use ranks.lua

-- The ranks of neighbours: a score begins after the entries before it, and ends before the next one.
local function ranks_of(board, members, first)
  local ranks, columns = {}, {}
  for at, member in ipairs(members) do columns[at] = columns_of(board, member) end
  if board.rank == 'ordinal' then
    for at = 1, #members do ranks[at] = first + at end
  elseif board.rank == 'modified' then
    ranks[#members] = place(board.order, columns[#members] .. ABOVE)
    for at = #members - 1, 1, -1 do
      ranks[at] = columns[at] == columns[at + 1] and ranks[at + 1] or first + at
    end
  else
    local is_dense = board.rank == 'dense'
    ranks[1] = is_dense and dense_rank(board, columns[1]) or place(board.order, columns[1]) + 1
    for at = 2, #members do
      if columns[at] == columns[at - 1] then ranks[at] = ranks[at - 1]
      else ranks[at] = is_dense and ranks[at - 1] + 1 or first + at end
    end
  end
  return ranks
end

local function list_entries(board, first, last, reply)
  local members = first <= last and redis.call('ZRANGE', board.order, first, last) or {}
  if #members == 0 then return reply end
  local ids = {}
  for at, member in ipairs(members) do ids[at] = string.sub(member, board.width + 1) end
  local metadata = redis.call('HMGET', board.metadata, unpack(ids))
  local ranks = ranks_of(board, members, first)
  local at_reply = #reply
  for at, member in ipairs(members) do
    reply[at_reply + 1], reply[at_reply + 2] = ids[at], decode_scores(board, member)
    reply[at_reply + 3], reply[at_reply + 4] = ranks[at], first + at
    reply[at_reply + 5] = metadata[at] or ''
    at_reply = at_reply + 5
  end
  return reply, members
end
