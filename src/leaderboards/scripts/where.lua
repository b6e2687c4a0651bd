--[[
leaderboards.where: where a score would land, or the worst entry whose percentile is high enough.

KEYS board       hash    version, config, season, closed, hides
ARGV plan        string  what scripts must know of the configuration: lib/board.lua
ARGV windows     string  "id start end ..." in ms: the seasons around now; or "= id": a season by its id
ARGV scores      string  one decimal number for every column, '' for a percentile
ARGV percentile  number  0 to 100

RETURN outcome ...
  1, season, total, ...         where; for scores: lower, upper, dense (entries before, up to equal,
                                dense rank); for a percentile: lines as in lib/list.lua, or
                                nothing if no entry has it
  0, version, config, created   stale-version: the configuration has another version
  -1, now_ms                    stale-season: none of the windows contains the present
  -2                            no-board
  -3                            no-season
  -4                            untidy: call leaderboards.tidy first

COST O(log(members)) for scores, its square for a percentile
]]
-- @use lib/tidy.lua
-- @use lib/list.lua
local board_key, plan, windows, scores, percentile = KEYS[1], ARGV[1], ARGV[2], ARGV[3], tonumber(ARGV[4])

local board, refusal = open_tidy(board_key, plan, windows)
if not board then return refusal end

local total = redis.call('ZCARD', board.order)
local reply = { 1, board.season, total }
if scores ~= '' then
  local columns = encode_scores(board, scores)
  reply[4], reply[5] = bounds_of(board, columns, {})
  reply[6] = board.ranking == 'dense' and dense_rank(board, columns) or 0
  return reply
end

-- Percentiles fall from the best to the worst entry: binary search for the last that is high enough.
local low, high, cache = 0, total, {}
while low < high do
  local middle = math.floor((low + high) / 2)
  local member = redis.call('ZRANGE', board.order, middle, middle)[1]
  local lower, upper = bounds_of(board, columns_of(board, member), cache)
  if 100 * (total - upper + (upper - lower) / 2) / total >= percentile then
    low = middle + 1
  else
    high = middle
  end
end
if low > 0 then reply[4] = list_entries(board, low - 1, low - 1) end
return reply
