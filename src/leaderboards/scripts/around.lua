--[[
leaderboards.around: the neighbours of a member, moved at the edges so that the page stays full.

KEYS board    hash    version, config, season, closed, hides
ARGV plan     string  version of the configuration and what follows from it; see lib/board.lua
ARGV windows  string  "id start end ..." in ms: the seasons around now; or "= id", the one asked for
ARGV member   string  id in the middle
ARGV count    int     1 to 1000 entries with the member; of an even count the extra one is above
ARGV limit    int     the best of them that are wanted now; leaderboards.page goes on

RETURN outcome ...
  1, season, total, seq_of_last, more, lines
                                around: see lib/list.lua; no lines: not ranked
  0, version, config, created   other-version: the configuration is another one
  -1, now_ms                    other-season: none of the seasons is the present one
  -2                            no-board
  -3                            no-season
  -4                            untidy: leaderboards.tidy must go first

COST O(log(members) + limit)
]]
-- @use lib/tidy.lua
-- @use lib/list.lua
local board_key, plan, windows, member = KEYS[1], ARGV[1], ARGV[2], ARGV[3]
local count, limit = tonumber(ARGV[4]), tonumber(ARGV[5])

local board, again = open_tidy(board_key, plan, windows)
if not board then return again end

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
