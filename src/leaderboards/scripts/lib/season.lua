-- Writes begin and drop seasons, so no background job is needed.
-- @use keys.lua

local function keys_of_season(board_key, id)
  local keys, all = season_keys(board_key, id), {}
  for at, part in ipairs(PARTS) do all[at] = keys[part] end
  return all
end

-- UNLINK frees in another thread; to free a million members at once would stop Redis for a second.
local function drop_season(board_key, id)
  redis.call('UNLINK', unpack(keys_of_season(board_key, id)))
  redis.call('ZREM', seasons_key(board_key), id)
  redis.call('HDEL', board_key, 'ttl:' .. id, 'scan:' .. id)
end

-- The first write of a season records its end and its memberTtlMs, and drops the oldest ended seasons
-- beyond `keep`, at most 5 per call.
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

-- Lets keys expire ttl_ms after the last submission; 0: they do not expire.
local function set_ttl(keys, ttl_ms)
  for _, key in ipairs(keys) do
    if ttl_ms > 0 then redis.call('PEXPIRE', key, ttl_ms) else redis.call('PERSIST', key) end
  end
end

local function keys_of_board(board_key)
  return { board_key, seasons_key(board_key), hidden_key(board_key) }
end
