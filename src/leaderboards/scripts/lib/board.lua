-- One season of a board: its keys and its order.
-- The plan is "version columns ties ranking max_members member_ttl_ms ttl_ms": what scripts must know of the
-- configuration, as the service last read it.
-- @use keys.lua

-- The present season among "id start end ..." in ms, and its end; for "< id start end ..." the season
-- before it; nil if there is none.
local function pick_season(windows)
  local now_ms = math.floor(now_us / 1000)
  local is_previous = string.sub(windows, 1, 2) == '< '
  local previous, previous_stop
  for id, first, stop in string.gmatch(is_previous and string.sub(windows, 3) or windows, '(%S+) (%S+) (%S+)') do
    if now_ms >= tonumber(first) and now_ms < tonumber(stop) then
      if is_previous then return previous, previous_stop end
      return id, stop
    end
    previous, previous_stop = id, stop
  end
end

-- The season of a call: the named one ("= id"), the previous one ("< ..."), or the present one. Else nil
-- and the reply: {-2} there is no such board, and the call creates none; {-3} the board has no such
-- season; {0, version, config, created} or {-1, now_ms} the configuration or the windows are stale, and
-- the service calls again. `created` is the first version of the board: another one is another board of
-- the same name.
local function open_board(board_key, plan, windows, creates)
  local version, columns, ties, ranking, max_members, member_ttl_ms, ttl_ms =
    string.match(plan, '^(%S+) (%S+) (%S+) (%S+) (%S+) (%S+) (%S+)$')
  local id, stop = string.match(windows, '^= (.*)'), nil
  if not id then id, stop = pick_season(windows) end
  local known = redis.call('HMGET', board_key, 'version', 'season', 'closed', 'hides',
    'ttl:' .. (id or ''), 'scan:' .. (id or ''))
  if not known[1] and not creates then return nil, { -2 } end
  if (known[1] or '0') ~= version then
    local present = redis.call('HMGET', board_key, 'config', 'created')
    return nil, { 0, known[1] or '0', present[1] or '', present[2] or '0' }
  end
  if not id then return nil, { -1, math.floor(now_us / 1000) } end

  local board = season_keys(board_key, id)
  local is_named = string.find(windows, '^[=<]')
  if is_named and id ~= known[2] and redis.call('EXISTS', board.places) == 0 then return nil, { -3 } end
  board.key, board.season, board.latest = board_key, id, known[2]
  board.stop_ms = tonumber(stop or redis.call('ZSCORE', seasons_key(board_key), id) or 0)
  board.closed, board.hides = known[3] == id, known[4]
  board.ties, board.ranking = ties, ranking
  board.max_members, board.ttl_ms = tonumber(max_members), tonumber(ttl_ms)
  board.wanted_member_ttl_ms = tonumber(member_ttl_ms)
  board.member_ttl_ms, board.scan = tonumber(known[5] or 0), known[6]
  board.columns = {}
  for column in string.gmatch(columns, '%a%a') do board.columns[#board.columns + 1] = column end
  board.column_bytes = 8 * #board.columns
  board.width = board.column_bytes + (ties == 'id' and 0 or 6)
  return board
end

local function is_hidden(board, id)
  return board.hides and redis.call('SISMEMBER', hidden_key(board.key), id) == 1
end
