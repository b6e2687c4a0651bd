--[[
cache.warming-claim: of the instances that find that a configured warming is due, one begins it.

KEYS claim       string  id of the warming that was claimed last, a space, and when (ms); kept for a day
ARGV id          string  of the warming to begin
ARGV instead_of  string  id of the last one, as the caller read it, '' for none

RETURN outcome id aged_ms
  1 claimed; '', 0
  2 held: another was claimed, by its id and how long ago

COST O(1)
MEMORY grows
]]
local claim, id, instead_of = KEYS[1], ARGV[1], ARGV[2]
local KEPT_MS = 86400 * 1000
local now_ms = math.floor(now_us / 1000)

local last, since = string.match(redis.call('GET', claim) or '', '^(%S+) (%d+)$')
if last and last ~= instead_of then return { 2, last, math.max(0, now_ms - tonumber(since)) } end
redis.call('SET', claim, id .. ' ' .. string.format('%d', now_ms), 'PX', KEPT_MS)
return { 1, '', 0 }
