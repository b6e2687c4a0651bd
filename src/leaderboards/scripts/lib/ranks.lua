-- Where an entry stands, in the four styles of rank.
-- @use place.lua
-- @use scores.lua

-- Entries before these columns, and entries up to and with them.
local function bounds_of(board, columns)
  local score = coarse_of(board, columns)
  if board.columns[1] == 'nd' or board.columns[1] == 'na' then
    if #board.columns == 1 then
      local lower = redis.call('ZCOUNT', board.order, '-inf', '(' .. score)
      return lower, lower + redis.call('ZCOUNT', board.order, score, score)
    end
  end
  return place(board.order, score, columns), place(board.order, score, columns .. ABOVE)
end

local function dense_rank(board, columns)
  return place(board.distinct, coarse_of(board, columns), columns) + 1
end

local function rank_from(board, columns, position, lower, upper)
  if board.rank == 'competition' then return lower + 1 end
  if board.rank == 'modified' then return upper end
  if board.rank == 'dense' then return dense_rank(board, columns) end
  return position
end

-- Rank, position, entries before and entries up to an equal score; nothing for a member that is not
-- ranked.
local function rank_of(board, id, prefix)
  local index = redis.call('ZRANK', board.order, prefix .. id)
  if not index then return 0, 0, 0, 0 end
  local columns = columns_of(board, prefix)
  local lower, upper = bounds_of(board, columns)
  return rank_from(board, columns, index + 1, lower, upper), index + 1, lower, upper
end
