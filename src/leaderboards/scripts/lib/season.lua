-- Seasons come and go with the writes: no worker is needed for a board to be right.
-- @use board.lua

local function seasons_key(board_key)
  return string.match(board_key, '^[^}]*}') .. ':seasons'
end

-- UNLINK frees in another thread: expiry of a million members would stop Redis for a second.
local function drop_season(board_key, id)
  local keys = season_keys(board_key, id)
  for _, part in ipairs(PARTS) do redis.call('UNLINK', keys[part]) end
  redis.call('ZREM', seasons_key(board_key), id)
end

-- The first write of a season records it and its end, and lets the oldest ended ones beyond keep go,
-- at most 10 a call.
local function enter_season(board, keep)
  if board.latest == board.season then return end
  local seasons = seasons_key(board.key)
  redis.call('ZADD', seasons, board.stop, board.season)
  redis.call('HSET', board.key, 'season', board.season)
  local ended = redis.call('ZRANGEBYSCORE', seasons, '-inf', string.format('%.0f', math.floor(now_us / 1000)))
  for at = 1, math.min(#ended - keep, 10) do drop_season(board.key, ended[at]) end
end

-- What nothing is submitted to for ttl_ms goes by itself: a season, and the board with its last one.
-- Without a ttl_ms nothing does.
local function set_life(board_key, season, ttl_ms)
  local keys = season_keys(board_key, season)
  local all = { board_key, seasons_key(board_key), hidden_key(board_key) }
  for _, part in ipairs(PARTS) do all[#all + 1] = keys[part] end
  for _, key in ipairs(all) do
    if ttl_ms > 0 then redis.call('PEXPIRE', key, ttl_ms) else redis.call('PERSIST', key) end
  end
end
