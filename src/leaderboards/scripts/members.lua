--[[
leaderboards.members: the entries of up to 1000 named members.

KEYS board      hash    version, config, season, closed, hides
ARGV plan       string  version of the configuration and what follows from it; see lib/board.lua
ARGV windows    string  "id start end ..." in ms: the seasons around now; or "= id", the one asked for
ARGV members[]  string  ids

RETURN status ...
  1, season, total, then per member: found, scores, rank, position, lower, upper, metadata.
     Found: 0 no entry, 1 ranked, 2 hidden
  0, version, config   the configuration is another one
  -1, now_ms           none of the seasons is the present one
  -2                   there is no such board
  -3                   there is no such season

COST O(members asked x log(members)), at most 100 expired members removed
]]
-- @use lib/board.lua
-- @use lib/ranks.lua
-- @use lib/members.lua
local board_key, plan, windows = KEYS[1], ARGV[1], ARGV[2]

local board, again = open_board(board_key, plan, windows)
if not board then return again end
sweep(board)

local reply = { 1, board.season, redis.call('ZCARD', board.order) }
for at = 3, #ARGV do
  local id = ARGV[at]
  local prefix = redis.call('HGET', board.places, id)
  local found, scores, metadata = 0, '', ''
  local rank, position, lower, upper = 0, 0, 0, 0
  if prefix then
    rank, position, lower, upper = rank_of(board, id, prefix)
    found, scores = rank > 0 and 1 or 2, decode_scores(board, prefix)
    metadata = redis.call('HGET', board.metadata, id) or ''
  end
  for _, value in ipairs({ found, scores, rank, position, lower, upper, metadata }) do
    reply[#reply + 1] = value
  end
end
return reply
