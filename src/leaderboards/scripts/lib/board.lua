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

-- The season of this moment among "id start end ..." in ms, and its end; nothing where there is none.
local function pick_season(windows)
  local now_ms = math.floor(now_us / 1000)
  for id, first, stop in string.gmatch(windows, '(%S+) (%S+) (%S+)') do
    if now_ms >= tonumber(first) and now_ms < tonumber(stop) then return id, stop end
  end
end

-- The season that a call works on: the one asked for ("= id"), or that of this moment. Else nil and
-- the reply that says why not: {-2} there is no such board, and the call creates none; {-3} the board
-- has no such season; after {0, version, config} and {-1, now_ms} the service asks again, knowing
-- another configuration or another time.
local function open_board(board_key, plan, windows, creates)
  local version, columns, ties, rank, max_members, member_ttl_ms, ttl_ms =
    string.match(plan, '^(%S+) (%S+) (%S+) (%S+) (%S+) (%S+) (%S+)$')
  local known = redis.call('HMGET', board_key, 'version', 'season', 'closed', 'hides')
  if not known[1] and not creates then return nil, { -2 } end
  if (known[1] or '0') ~= version then
    return nil, { 0, known[1] or '0', redis.call('HGET', board_key, 'config') or '' }
  end
  local id, stop = string.match(windows, '^= (.*)'), nil
  if id then
    local is_known = id == known[2] or redis.call('EXISTS', season_keys(board_key, id).places) == 1
    if not is_known then return nil, { -3 } end
  else
    id, stop = pick_season(windows)
    if not id then return nil, { -1, math.floor(now_us / 1000) } end
  end

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
