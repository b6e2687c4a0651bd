-- Seasons come and go with the writes: no worker is needed for a board to be right.
-- @use keys.lua

local function keys_of_season(board_key, id)
  local keys, all = season_keys(board_key, id), {}
  for at, part in ipairs(PARTS) do all[at] = keys[part] end
  return all
end

-- UNLINK frees in another thread: expiry of a million members would stop Redis for a second.
local function drop_season(board_key, id)
  redis.call('UNLINK', unpack(keys_of_season(board_key, id)))
  redis.call('ZREM', seasons_key(board_key), id)
  redis.call('HDEL', board_key, 'ttl:' .. id, 'scan:' .. id)
end

-- The first write of a season records it, its end and its memberTtlMs, and lets the oldest ended ones
-- beyond keep go, at most 5 a call.
local function enter_season(board, keep)
  if board.latest == board.season then return end
  local seasons = seasons_key(board.key)
  redis.call('ZADD', seasons, string.format('%.0f', board.stop_ms), board.season)
  redis.call('HSET', board.key, 'season', board.season)
  board.member_ttl_ms = board.wanted_member_ttl_ms
  if board.member_ttl_ms > 0 then redis.call('HSET', board.key, 'ttl:' .. board.season, board.member_ttl_ms) end
  local ended = redis.call('ZRANGEBYSCORE', seasons, '-inf', string.format('%.0f', math.floor(now_us / 1000)))
  for at = 1, math.min(#ended - keep, 5) do drop_season(board.key, ended[at]) end
end

-- What nothing is submitted to for ttl_ms goes by itself: a season, and the board with its last one.
-- Without a ttl_ms nothing does.
local function set_life(keys, ttl_ms)
  for _, key in ipairs(keys) do
    if ttl_ms > 0 then redis.call('PEXPIRE', key, ttl_ms) else redis.call('PERSIST', key) end
  end
end

local function keys_of_board(board_key)
  return { board_key, seasons_key(board_key), hidden_key(board_key) }
end
