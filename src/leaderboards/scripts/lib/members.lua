-- Adds and removes members, in all keys of a season.
-- @use scores.lua

local function add_ranked(board, id, prefix)
  local columns = columns_of(board, prefix)
  if redis.call('ZADD', board.order, 0, prefix .. id) == 0 or board.ranking ~= 'dense' then return end
  if redis.call('HINCRBY', board.counts, columns, 1) == 1 then redis.call('ZADD', board.distinct, 0, columns) end
end

-- The set of distinct scores loses a score with its last member.
local function uncount(board, prefix)
  if board.ranking ~= 'dense' then return end
  local columns = columns_of(board, prefix)
  if redis.call('HINCRBY', board.counts, columns, -1) <= 0 then
    redis.call('HDEL', board.counts, columns)
    redis.call('ZREM', board.distinct, columns)
  end
end

local function remove_ranked(board, id, prefix)
  if redis.call('ZREM', board.order, prefix .. id) == 1 then uncount(board, prefix) end
end

-- Keeps the client sequences, so that a late delivery is still refused.
local function forget(board, ids)
  redis.call('HDEL', board.places, unpack(ids))
  redis.call('HDEL', board.metadata, unpack(ids))
  redis.call('ZREM', board.seen, unpack(ids))
end

-- @return whether the season had the member
local function remove(board, id)
  local prefix = redis.call('HGET', board.places, id)
  if not prefix then return false end
  remove_ranked(board, id, prefix)
  forget(board, { id })
  return true
end

-- Removes the worst members beyond max_members, `most` at most. @return their ids, and how many remain
local function trim(board, most)
  local total = redis.call('ZCARD', board.order)
  local surplus = board.max_members > 0 and math.min(total - board.max_members, most) or 0
  if surplus <= 0 then return {}, total end
  local popped, ids = redis.call('ZPOPMAX', board.order, surplus), {}
  for at = 1, #popped, 2 do
    uncount(board, popped[at])
    ids[#ids + 1] = string.sub(popped[at], board.width + 1)
  end
  forget(board, ids)
  return ids, total - surplus
end
