--[[
leaderboards.configure: create a board or change what may change.

KEYS board     hash    version, config, season, closed, hides; kept until the board is deleted
ARGV config    string  JSON
ARGV identity  string  the part that the order of stored entries depends on
ARGV if_match  string  version that must be the present one, '' for any, '*' for any existing
ARGV new_version  string  version it gets when it changes
ARGV ttl_ms    int     how long it lives without a submission, 0 for ever

RETURN outcome version
  1, version   created
  2, version   changed, or the same as before
  3, version   the identity differs and the board has entries
  4, version   if_match is another version; '0' for no board

COST O(seasons)
MEMORY grows
]]
-- @use lib/season.lua
local board_key, config, identity, if_match, new_version = KEYS[1], ARGV[1], ARGV[2], ARGV[3], ARGV[4]
local ttl_ms = tonumber(ARGV[5])

local known = redis.call('HMGET', board_key, 'version', 'config', 'identity')
local version = known[1] or '0'
if if_match ~= '' and if_match ~= version and not (if_match == '*' and known[1]) then return { 4, version } end
if known[2] == config then return { 2, version } end

local seasons = redis.call('ZRANGE', seasons_key(board_key), 0, -1)
if known[1] and known[3] ~= identity then
  for _, id in ipairs(seasons) do
    if redis.call('EXISTS', season_keys(board_key, id).places) == 1 then return { 3, version } end
  end
end
redis.call('HSET', board_key, 'version', new_version, 'config', config, 'identity', identity)
for _, id in ipairs(seasons) do set_life(board_key, id, ttl_ms) end
if #seasons == 0 and ttl_ms > 0 then redis.call('PEXPIRE', board_key, ttl_ms) end
return { known[1] and 2 or 1, new_version }
