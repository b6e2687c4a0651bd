--[[
cache.outbox-failed: the writes that wait for an operator, by key.

KEYS outbox   zset  see lib/outbox.lua
KEYS ages     zset  the same
KEYS pending  hash  the same
ARGV most     int

RETURN items...
  of each: key, attempts, ms since the origin is behind, what happened last

COST O(most)
]]
-- @use lib/outbox.lua
local outbox, most = { outbox = KEYS[1], ages = KEYS[2], pending = KEYS[3] }, tonumber(ARGV[1])

local answer = {}
for _, name in ipairs(redis.call('ZRANGEBYSCORE', outbox.outbox, FAILED, FAILED, 'LIMIT', 0, most)) do
  local p, first = read_pending(outbox, name), tonumber(redis.call('ZSCORE', outbox.ages, name))
  for _, part in ipairs({ name, p.attempts, ms(now_us - first), p.error }) do answer[#answer + 1] = part end
end
return answer
