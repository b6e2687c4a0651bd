--[[
leaderboards.submit: apply entries to the present season, and rank them.

KEYS board        hash    version, created, config, seq, season, closed, hides; kept until the board is deleted
KEYS record?      string  idempotency record: fingerprint and packed reply
KEYS fences?      zset    see fences.lua; outlives the board
ARGV plan         string  what scripts must know of the configuration: lib/board.lua
ARGV windows      string  "id start end ..." in ms: the seasons around now
ARGV bounds       string  "min max" of every column, '-' for none
ARGV keep         int     ended seasons that are kept
ARGV create       string  configuration of a board that does not exist yet, '' for one that does
ARGV new_version  string  version of that configuration
ARGV fingerprint  string  of the request, '' without an idempotency key
ARGV record_ttl_ms  int     how long the idempotency record is kept
ARGV fence?       string  that the entries came with, see fences.lua
ARGV entries[].member    string  id
ARGV entries[].ops       string  best, or one of set, incr, min, max for every column
ARGV entries[].if_seq    string  applies only if it exceeds the member's last one, '' for any
ARGV entries[].metadata  string  JSON, '' keeps what is stored
ARGV entries[].scores    string  one decimal number for every column

RETURN outcome ...
  1, season, total, replayed, (outcome, better, previous_rank, rank, position, lower, upper, scores)[]
                                submitted; per entry 0 unchanged, 1 changed, 2 out of range, 3 stale
                                sequence
  0, version, config, created   stale-version: the configuration has another version
  -1, now_ms                    stale-season: none of the windows contains the present
  -2                            no-board: there is none, and create is ''
  -4                            untidy: call leaderboards.tidy first
  2                             closed: the season is closed
  3                             conflict: the idempotency key belongs to another request
  4, highest                    fence-outdated: the highest fence that came before

COST O(entries x log(members))
MEMORY grows
]]
-- @use ../../redis/scripts/lib/fences.lua
-- @use lib/entries.lua
-- @use lib/season.lua
-- @use lib/tidy.lua
local board_key = KEYS[1]
local plan, windows, bounds, keep, create = ARGV[1], ARGV[2], ARGV[3], tonumber(ARGV[4]), ARGV[5]
local new_version, fingerprint, record_ttl_ms, fence = ARGV[6], ARGV[7], tonumber(ARGV[8]), ARGV[9]
local record_key = fingerprint ~= '' and KEYS[2]

local record = record_key and redis.call('GET', record_key)
if record then
  if string.sub(record, 1, #fingerprint) ~= fingerprint then return { 3 } end
  local reply = cmsgpack.unpack(string.sub(record, #fingerprint + 1))
  reply[4] = 1
  return reply
end

local board, refusal = open_tidy(board_key, plan, windows, create ~= '')
if not board then return refusal end
if board.closed then return { 2 } end
local highest = outdated_by(KEYS[#KEYS], fence)
if highest then return { 4, highest } end
if create ~= '' then
  redis.call('HSET', board_key, 'version', new_version, 'created', new_version, 'config', create)
end
enter_season(board, keep)

local entries, ids = entries_of(ARGV, 10)
local prefixes = prefixes_of(board, ids)
local previous = places_of(board, entries, prefixes)
local is_changed = apply_entries(board, entries, bounds, prefixes)
local dropped, total = trim(board, #entries)
for _, id in ipairs(dropped) do prefixes[id] = nil end

if board.ttl_ms > 0 then
  set_ttl(keys_of_board(board_key), board.ttl_ms)
  set_ttl(keys_of_season(board_key, board.season), board.ttl_ms)
end

-- Without a change no member was dropped, so the places are the same.
local present = is_changed and places_of(board, entries, prefixes) or previous
local reply = { 1, board.season, total, 0 }
for at, entry in ipairs(entries) do
  local prefix, rank, position, lower, upper = prefixes[entry.id], unpack(present[at])
  for _, value in ipairs({ entry.outcome, entry.better and 1 or 0, previous[at][1], rank, position, lower, upper,
    prefix and decode_scores(board, prefix) or '' }) do
    reply[#reply + 1] = value
  end
end
if record_key then redis.call('SET', record_key, fingerprint .. cmsgpack.pack(reply), 'PX', record_ttl_ms) end
return reply
