-- One season of a board: its keys, its order, and the changes that keep all its keys in step.
--
-- The plan is "version columns ties rank max_members member_ttl_ms ttl_ms": what a script must know of the
-- configuration, as the service last saw it. Keys are built from the tag of the board's key.
--
--   <season>:order     zset  bytes of all columns, sequence, id
--   <season>:places    hash  id -> bytes of all columns, sequence
--   <season>:metadata  hash  id -> JSON
--   <season>:client    hash  id -> last client sequence
--   <season>:distinct  zset  bytes of all columns; dense ranks only
--   <season>:counts    hash  bytes of all columns -> members with them; dense ranks only
--   <season>:due       zset  id by deadline in ms; boards with memberTtlMs only

local PARTS = { 'order', 'places', 'metadata', 'client', 'distinct', 'counts', 'due' }

local function season_keys(board_key, id)
  local base, keys = string.match(board_key, '^[^}]*}') .. ':' .. id .. ':', {}
  for _, part in ipairs(PARTS) do keys[part] = base .. part end
  return keys
end

-- The season of this moment among "id start end ..." in ms, and whether there is none.
local function pick_season(windows)
  local now_ms = math.floor(now_us / 1000)
  for id, first, stop in string.gmatch(windows, '(%S+) (%S+) (%S+)') do
    if now_ms >= tonumber(first) and now_ms < tonumber(stop) then return id, stop end
  end
end

-- The season that a call works on, or nil and the reply that tells the service to ask again:
-- {0, version, config} for another version of the configuration, {-1, now_ms} for a time outside.
local function open_board(board_key, plan, windows)
  local version, columns, ties, rank, max_members, member_ttl_ms, ttl_ms =
    string.match(plan, '^(%S+) (%S+) (%S+) (%S+) (%S+) (%S+) (%S+)$')
  local known = redis.call('HMGET', board_key, 'version', 'season', 'closed', 'hides')
  if (known[1] or '0') ~= version then
    return nil, { 0, known[1] or '0', redis.call('HGET', board_key, 'config') or '' }
  end
  local id, stop = pick_season(windows)
  if not id then return nil, { -1, math.floor(now_us / 1000) } end

  local board = season_keys(board_key, id)
  board.key, board.season, board.stop, board.latest = board_key, id, stop, known[2]
  board.closed, board.hides = known[3] == id, known[4]
  board.ties, board.rank = ties, rank
  board.max_members, board.member_ttl_ms = tonumber(max_members), tonumber(member_ttl_ms)
  board.ttl_ms = tonumber(ttl_ms)
  board.columns = {}
  for column in string.gmatch(columns, '%a%a') do board.columns[#board.columns + 1] = column end
  board.column_bytes = 8 * #board.columns
  board.width = board.column_bytes + (ties == 'id' and 0 or 6)
  return board
end

local function hidden_key(board_key)
  return string.match(board_key, '^[^}]*}') .. ':hidden'
end

local function is_hidden(board, id)
  return board.hides and redis.call('SISMEMBER', hidden_key(board.key), id) == 1
end

-- The bytes of all columns of "score score ...".
local function encode_scores(board, text)
  local parts, at = {}, 0
  for score in string.gmatch(text, '%S+') do
    at = at + 1
    parts[at] = encode(board.columns[at], score)
  end
  return table.concat(parts)
end

local function decode_scores(board, bytes)
  local parts = {}
  for at, column in ipairs(board.columns) do
    parts[at] = decode(column, string.sub(bytes, at * 8 - 7, at * 8))
  end
  return table.concat(parts, ' ')
end

-- Six bytes hold 2^48 changes of one board.
local function encode_sequence(board, sequence)
  if board.ties == 'id' then return '' end
  if board.ties == 'last' then sequence = 281474976710655 - sequence end
  return struct.pack('>I2I4', math.floor(sequence / WORD), sequence % WORD)
end

local function decode_sequence(board, prefix)
  if board.ties == 'id' then return '0' end
  local hi, lo = struct.unpack('>I2I4', string.sub(prefix, board.column_bytes + 1))
  local sequence = hi * WORD + lo
  if board.ties == 'last' then sequence = 281474976710655 - sequence end
  return string.format('%.0f', sequence)
end

local function coarse_of(board, bytes)
  return coarse(board.columns[1], string.sub(bytes, 1, 8))
end

local function columns_of(board, prefix)
  return string.sub(prefix, 1, board.column_bytes)
end

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
