--[[
leaderboards.tidy: remove a few of the members that must leave a season before anything is counted.

KEYS board    hash    version, config, season, closed, hides, ttl:<season>, scan:<season>
ARGV plan     string  what scripts must know of the configuration: lib/board.lua
ARGV windows  string  "id start end ..." in ms: the seasons around now; or "= id": a season by its id
ARGV most     int     members that this step examines

RETURN outcome ...
  1, more                       tidied; more: 1 another step is needed
  0, version, config, created   stale-version: the configuration has another version
  -1, now_ms                    stale-season: none of the windows contains the present
  -2                            no-board
  -3                            no-season

COST O(most x log(members))
]]
-- @use lib/members.lua
-- @use lib/tidy.lua
local board_key, plan, windows, most = KEYS[1], ARGV[1], ARGV[2], tonumber(ARGV[3])

local board, refusal = open_board(board_key, plan, windows)
if not board then return refusal end

-- Members that are older than the memberTtlMs of the board: their time begins with it.
if board.scan then
  local cursor, since = string.match(board.scan, '^(%S+) (%S+)$')
  local page = redis.call('HSCAN', board.places, cursor, 'COUNT', most)
  for at = 1, #page[2], 2 do redis.call('ZADD', board.seen, since, page[2][at]) end
  if page[1] == '0' then
    redis.call('HDEL', board_key, 'scan:' .. board.season)
  else
    redis.call('HSET', board_key, 'scan:' .. board.season, page[1] .. ' ' .. since)
  end
  return { 1, 1 }
end

if board.member_ttl_ms > 0 then
  local ids = redis.call('ZRANGEBYSCORE', board.seen, '-inf', stale_until(board), 'LIMIT', 0, most)
  for _, id in ipairs(ids) do
    remove(board, id)
    redis.call('HDEL', board.client, id)
  end
  if #ids > 0 then return { 1, 1 } end
end
if not has_ended(board) then trim(board, most) end
return { 1, is_untidy(board) and 1 or 0 }
