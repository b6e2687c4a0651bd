-- Entries from the index first to the index last, best first, as: id, scores, rank, position,
-- metadata. Neighbours of one score share what was counted for the first of them.
-- @use ranks.lua
local function list_entries(board, first, last, reply)
  if last < first then return reply end
  local members = redis.call('ZRANGE', board.order, first, last)
  local ids, columns, lower, upper, dense = {}, nil, 0, 0, 0
  for at, member in ipairs(members) do ids[at] = string.sub(member, board.width + 1) end
  local metadata = #ids > 0 and redis.call('HMGET', board.metadata, unpack(ids)) or {}
  for at, member in ipairs(members) do
    local own = columns_of(board, member)
    if own ~= columns then
      if not columns then
        lower, upper = bounds_of(board, own)
        if board.rank == 'dense' then dense = dense_rank(board, own) end
      else
        lower, dense = first + at - 1, dense + 1
        if board.rank == 'modified' then lower, upper = bounds_of(board, own) end
      end
      columns = own
    end
    local rank = first + at
    if board.rank == 'competition' then rank = lower + 1 end
    if board.rank == 'modified' then rank = upper end
    if board.rank == 'dense' then rank = dense end
    reply[#reply + 1] = ids[at]
    reply[#reply + 1] = decode_scores(board, member)
    reply[#reply + 1] = rank
    reply[#reply + 1] = first + at
    reply[#reply + 1] = metadata[at] or ''
  end
  return reply
end
