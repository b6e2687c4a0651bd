--[[
leaderboards.around: the neighbours of a member, moved at the edges so that the page stays full.

KEYS board    hash    version, config, season, closed, hides
ARGV plan     string  version of the configuration and what follows from it; see lib/board.lua
ARGV windows  string  "id start end ..." in ms: the seasons around now; or "= id", the one asked for
ARGV member   string  id in the middle
ARGV count    int     1 to 1000 entries with the member; of an even count the extra one is above

RETURN status ...
  1, season, total, then per entry: id, scores, rank, position, metadata; none: not ranked
  0, version, config   the configuration is another one
  -1, now_ms           none of the seasons is the present one
  -2                   there is no such board
  -3                   there is no such season

COST O(log(members) + count), at most 100 expired members removed
]]
-- @use lib/board.lua
-- @use lib/members.lua
-- @use lib/list.lua
local board_key, plan, windows, member, count = KEYS[1], ARGV[1], ARGV[2], ARGV[3], tonumber(ARGV[4])

local board, again = open_board(board_key, plan, windows)
if not board then return again end
sweep(board)

local total = redis.call('ZCARD', board.order)
local reply = { 1, board.season, total }
local prefix = redis.call('HGET', board.places, member)
local index = prefix and redis.call('ZRANK', board.order, prefix .. member)
if not index then return reply end

local first = math.max(0, math.min(index - math.floor(count / 2), total - count))
return list_entries(board, first, math.min(first + count, total) - 1, reply)
