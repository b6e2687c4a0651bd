--[[
leaderboards.page: a page of entries, by place or after a cursor, in a range of scores.

KEYS board        hash    version, config, season, closed, hides
ARGV plan         string  what scripts must know of the configuration: lib/board.lua
ARGV windows      string  "id start end ..." in ms: the seasons around now; or "= id": a season by its id
ARGV from         int     1 for the first entry of the range
ARGV limit        int     how many
ARGV worst        0 or 1  1: from the worst
ARGV best_score   string  first column of the best entry wanted, '' for any
ARGV worst_score  string  first column of the worst entry wanted, '' for any
ARGV after        string  cursor: scores of the last entry read, '' for none
ARGV after_seq    string  cursor: its sequence
ARGV after_member string  cursor: its id

RETURN outcome ...
  1, season, total, seq_of_last, more, lines
                                page: lines as in lib/list.lua; the last entry is the farthest from
                                the start of the range
  0, version, config, created   stale-version: the configuration has another version
  -1, now_ms                    stale-season: none of the windows contains the present
  -2                            no-board
  -3                            no-season
  -4                            untidy: call leaderboards.tidy first

COST O(log(members) + limit)
]]
-- @use lib/tidy.lua
-- @use lib/list.lua
local board_key, plan, windows, from, limit = KEYS[1], ARGV[1], ARGV[2], tonumber(ARGV[3]), tonumber(ARGV[4])
local worst, best_score, worst_score = ARGV[5] == '1', ARGV[6], ARGV[7]
local after, after_seq, after_member = ARGV[8], ARGV[9], ARGV[10]

local board, refusal = open_tidy(board_key, plan, windows)
if not board then return refusal end

local total = redis.call('ZCARD', board.order)
local first, last = 0, total - 1
if best_score ~= '' then
  local bytes = encode(board.columns[1], best_score)
  first = place(board.order, bytes)
end
if worst_score ~= '' then
  local bytes = encode(board.columns[1], worst_score)
  last = place(board.order, bytes .. ABOVE) - 1
end
if after ~= '' then
  local seen = encode_scores(board, after) .. encode_sequence(board, tonumber(after_seq)) .. after_member
  local index = place(board.order, seen)
  if worst then
    last = math.min(last, index - 1)
  else
    local still_there = redis.call('ZSCORE', board.order, seen)
    first = math.max(first, still_there and index + 1 or index)
  end
end

local start, stop = first + from - 1, math.min(first + from + limit - 2, last)
if worst then start, stop = math.max(last - from - limit + 2, first), last - from + 1 end
local lines, members = list_entries(board, start, stop)
local farthest = members[worst and 1 or #members]
local sequence = farthest and decode_sequence(board, farthest) or ''
local more = farthest and (worst and start > first or not worst and stop < last)
return { 1, board.season, total, sequence, more and 1 or 0, lines }
