--[[
leaderboards.configure: create a board, or change its configuration.

KEYS board        hash    version, created, config, configured, season, closed, hides; kept until the board
                          is deleted
ARGV plan         string  what scripts must know of the present configuration: lib/board.lua
ARGV windows      string  "id start end ..." in ms: the seasons around now
ARGV config       string  JSON
ARGV new_version  string  version of the new configuration
ARGV if_empty     0 or 1  1: the order of stored entries depends on the change
ARGV ttl_ms       int     time to live of a board after a submission, 0 for ever
ARGV member_ttl_ms  int   time to live of a member after its submission, 0 for ever

RETURN outcome ...
  1                             done
  2                             has-entries: if_empty is 1, and the board has entries
  0, version, config, created   stale-version: the configuration has another version
  -1, now_ms                    stale-season: none of the windows contains the present

COST O(seasons)
MEMORY grows
]]
-- @use lib/board.lua
-- @use lib/season.lua
local board_key, plan, windows, config, new_version = KEYS[1], ARGV[1], ARGV[2], ARGV[3], ARGV[4]
local if_empty, ttl_ms, member_ttl_ms = ARGV[5] == '1', tonumber(ARGV[6]), tonumber(ARGV[7])

local board, refusal = open_board(board_key, plan, windows, true)
if not board then return refusal end

local seasons = redis.call('ZRANGE', seasons_key(board_key), 0, -1)
if if_empty then
  for _, id in ipairs(seasons) do
    if redis.call('EXISTS', season_keys(board_key, id).places) == 1 then return { 2 } end
  end
end
redis.call('HSET', board_key, 'version', new_version, 'config', config, 'configured', 1)
redis.call('HSETNX', board_key, 'created', new_version)

-- Ended seasons keep the memberTtlMs that they had when they ended.
if board.latest == board.season and member_ttl_ms ~= board.member_ttl_ms then
  if member_ttl_ms == 0 then
    redis.call('HDEL', board_key, 'ttl:' .. board.season, 'scan:' .. board.season)
    redis.call('UNLINK', board.seen)
  else
    redis.call('HSET', board_key, 'ttl:' .. board.season, member_ttl_ms)
    if board.member_ttl_ms == 0 then
      redis.call('HSET', board_key, 'scan:' .. board.season, '0 ' .. string.format('%.0f', math.floor(now_us / 1000)))
    end
  end
end

if ttl_ms ~= board.ttl_ms then
  for _, id in ipairs(seasons) do set_ttl(keys_of_season(board_key, id), ttl_ms) end
  if ttl_ms == 0 or #seasons > 0 then set_ttl(keys_of_board(board_key), ttl_ms) end
end
if #seasons == 0 and ttl_ms > 0 then redis.call('PEXPIRE', board_key, ttl_ms) end
return { 1 }
