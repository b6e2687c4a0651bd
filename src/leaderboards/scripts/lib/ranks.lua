-- Ranks in the four styles. A cache is a table that is valid until something is written: entries with the
-- same score share the counts of the first.
-- @use place.lua
-- @use scores.lua

local function dense_rank(board, columns)
  return place(board.distinct, columns) + 1
end

-- The number of entries before these columns, and of entries up to and including them.
local function bounds_of(board, columns, cache)
  local known = cache[columns]
  if not known then
    known = { place(board.order, columns), place(board.order, columns .. ABOVE) }
    cache[columns] = known
  end
  return known[1], known[2]
end

-- Whether the entry at this index is the only one with its columns, by comparing its neighbours.
local function is_alone(board, index, columns)
  local equal = 0
  for _, entry in ipairs(redis.call('ZRANGE', board.order, math.max(0, index - 1), index + 1)) do
    if columns_of(board, entry) == columns then equal = equal + 1 end
  end
  return equal < 2
end

-- Rank, position, and the counts of bounds_of; all 0 for a member that is not ranked.
local function rank_of(board, id, prefix, cache)
  local index = redis.call('ZRANK', board.order, prefix .. id)
  if not index then return 0, 0, 0, 0 end
  local columns = columns_of(board, prefix)
  -- Saves work: an entry that is alone with its score needs no counting.
  if not cache[columns] and is_alone(board, index, columns) then cache[columns] = { index, index + 1 } end
  local lower, upper = bounds_of(board, columns, cache)
  local rank = index + 1
  if board.ranking == 'competition' then rank = lower + 1 end
  if board.ranking == 'modified' then rank = upper end
  if board.ranking == 'dense' then rank = dense_rank(board, columns) end
  return rank, index + 1, lower, upper
end
