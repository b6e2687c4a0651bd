--[[
leaderboards.tidy: one step of what must be done before anything of a season is counted.

KEYS board    hash    version, config, season, closed, hides, ttl:<season>, scan:<season>
ARGV plan     string  version of the configuration and what follows from it; see lib/board.lua
ARGV windows  string  "id start end ..." in ms: the seasons around now; or "= id", the one asked for
ARGV most     int     members that this step looks at

RETURN outcome ...
  1, more                       tidied; more: 1 there may be more to do
  0, version, config, created   other-version: the configuration is another one
  -1, now_ms                    other-season: none of the seasons is the present one
  -2                            no-board
  -3                            no-season

COST O(most x log(members))
]]
-- @use lib/members.lua
-- @use lib/tidy.lua
local board_key, plan, windows, most = KEYS[1], ARGV[1], ARGV[2], tonumber(ARGV[3])

local board, again = open_board(board_key, plan, windows)
if not board then return again end

-- Members from before there was a memberTtlMs: their time runs from its beginning.
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
