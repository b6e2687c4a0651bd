-- The members that must leave a season before anything is counted: those that submitted nothing for
-- memberTtlMs, and the worst beyond maxMembers. An ended season keeps the standings of its end.
-- @use board.lua

-- Members whose last submission, in ms, is not later than this have left, as of now or of the season's end.
local function stale_until(board)
  return string.format('%.0f', math.min(math.floor(now_us / 1000), board.stop_ms) - board.member_ttl_ms)
end

local function has_ended(board)
  return board.stop_ms <= math.floor(now_us / 1000)
end

local function is_untidy(board)
  if board.scan then return true end
  if board.member_ttl_ms > 0 and redis.call('ZCOUNT', board.seen, '-inf', stale_until(board)) > 0 then return true end
  if board.max_members == 0 or has_ended(board) then return false end
  return redis.call('ZCARD', board.order) > board.max_members
end

-- As open_board; nil and {-4} if the service must call leaderboards.tidy first, a few members at a time.
local function open_tidy(board_key, plan, windows, creates)
  local board, refusal = open_board(board_key, plan, windows, creates)
  if board and is_untidy(board) then return nil, { -4 } end
  return board, refusal
end
