--[[
leaderboards.members: the entries of the named members.

KEYS board      hash    version, config, season, closed, hides
ARGV plan       string  what scripts must know of the configuration: lib/board.lua
ARGV windows    string  "id start end ..." in ms: the seasons around now; or "= id": a season by its id
ARGV members[]  string  ids

RETURN outcome ...
  1, season, total, (found, scores, rank, position, lower, upper, metadata)[]
                                members; found: 0 no entry, 1 ranked, 2 hidden
  0, version, config, created   stale-version: the configuration has another version
  -1, now_ms                    stale-season: none of the windows contains the present
  -2                            no-board
  -3                            no-season
  -4                            untidy: call leaderboards.tidy first

COST O(members asked x log(members))
]]
-- @use lib/tidy.lua
-- @use lib/ranks.lua
local board_key, plan, windows = KEYS[1], ARGV[1], ARGV[2]

local board, refusal = open_tidy(board_key, plan, windows)
if not board then return refusal end

local ids = { unpack(ARGV, 3) }
local reply, cache = { 1, board.season, redis.call('ZCARD', board.order) }, {}
local prefixes = redis.call('HMGET', board.places, unpack(ids))
local metadata = redis.call('HMGET', board.metadata, unpack(ids))
for at, id in ipairs(ids) do
  local prefix = prefixes[at]
  local found, scores = 0, ''
  local rank, position, lower, upper = 0, 0, 0, 0
  if prefix then
    rank, position, lower, upper = rank_of(board, id, prefix, cache)
    found, scores = rank > 0 and 1 or 2, decode_scores(board, prefix)
  end
  for _, value in ipairs({ found, scores, rank, position, lower, upper, metadata[at] or '' }) do
    reply[#reply + 1] = value
  end
end
return reply
