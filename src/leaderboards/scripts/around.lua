--[[
leaderboards.around: a member and its neighbours. At the edges the page is shifted, so it stays full.

KEYS board    hash    version, config, season, closed, hides
ARGV plan     string  what scripts must know of the configuration: lib/board.lua
ARGV windows  string  "id start end ..." in ms: the seasons around now; or "= id": a season by its id
ARGV member   string  id in the middle
ARGV count    int     1 to 1000 entries including the member; an even count has one more above it
ARGV limit    int     how many of them to return, from the best; leaderboards.page reads the rest

RETURN outcome ...
  1, season, total, seq_of_last, more, lines
                                around: lines as in lib/list.lua, none if the member is not ranked
  0, version, config, created   stale-version: the configuration has another version
  -1, now_ms                    stale-season: none of the windows contains the present
  -2                            no-board
  -3                            no-season
  -4                            untidy: call leaderboards.tidy first

COST O(log(members) + limit)
]]
-- @use lib/tidy.lua
-- @use lib/list.lua
local board_key, plan, windows, member = KEYS[1], ARGV[1], ARGV[2], ARGV[3]
local count, limit = tonumber(ARGV[4]), tonumber(ARGV[5])

local board, refusal = open_tidy(board_key, plan, windows)
if not board then return refusal end

local total = redis.call('ZCARD', board.order)
local prefix = redis.call('HGET', board.places, member)
local index = prefix and redis.call('ZRANK', board.order, prefix .. member)
if not index then return { 1, board.season, total, '', 0, '' } end

local first = math.max(0, math.min(index - math.floor(count / 2), total - count))
local last = math.min(first + count, total) - 1
local stop = math.min(first + limit - 1, last)
local lines, members = list_entries(board, first, stop)
local sequence = decode_sequence(board, members[#members])
return { 1, board.season, total, sequence, stop < last and 1 or 0, lines }
