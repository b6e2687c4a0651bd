-- Members come and go: every key of a season is kept in step.
-- @use scores.lua

local function seat(board, id, prefix)
  local score, columns = coarse_of(board, prefix), columns_of(board, prefix)
  redis.call('ZADD', board.order, score, prefix .. id)
  if board.rank == 'dense' and redis.call('HINCRBY', board.counts, columns, 1) == 1 then
    redis.call('ZADD', board.distinct, score, columns)
  end
end

-- The dense set forgets a score with its last member.
local function uncount(board, prefix)
  local columns = columns_of(board, prefix)
  if board.rank == 'dense' and redis.call('HINCRBY', board.counts, columns, -1) <= 0 then
    redis.call('HDEL', board.counts, columns)
    redis.call('ZREM', board.distinct, columns)
  end
end

local function unseat(board, id, prefix)
  if redis.call('ZREM', board.order, prefix .. id) == 1 then uncount(board, prefix) end
end

local function forget(board, id)
  redis.call('HDEL', board.places, id)
  redis.call('HDEL', board.metadata, id)
  redis.call('HDEL', board.client, id)
  if board.member_ttl_ms > 0 then redis.call('ZREM', board.due, id) end
end

-- True when the season had the member.
local function remove(board, id)
  local prefix = redis.call('HGET', board.places, id)
  if not prefix then return false end
  unseat(board, id, prefix)
  forget(board, id)
  return true
end

-- Members whose time is over leave before anything is counted; 100 a call keep the call short.
local function sweep(board)
  if board.member_ttl_ms == 0 then return end
  local now_ms = string.format('%.0f', math.floor(now_us / 1000))
  for _, id in ipairs(redis.call('ZRANGEBYSCORE', board.due, '-inf', now_ms, 'LIMIT', 0, 100)) do
    remove(board, id)
  end
end

-- The worst fall out of a board with maxMembers, at most 400 a call. Returns what is left.
local function trim(board, total)
  if board.max_members == 0 or total <= board.max_members then return total end
  local surplus = math.min(total - board.max_members, 400)
  local popped = redis.call('ZPOPMAX', board.order, surplus)
  for at = 1, #popped, 2 do
    uncount(board, popped[at])
    forget(board, string.sub(popped[at], board.width + 1))
  end
  return total - surplus
end
