--[[
cache.outbox-due: make keys due now, also those that failed, with no attempts behind them. One is not sent
while its origin may still apply an earlier request for it.

KEYS outbox   zset    see lib/outbox.lua
KEYS ages     zset    the same
KEYS pending  hash    the same
ARGV skip     int     without names: keys that are not due yet to pass over
ARGV most     int     without names: keys to look at
ARGV names[]  string  none for all keys

RETURN due skipped
  skipped  keys that could not be made due

COST O(log pending) per key
]]
-- @use lib/outbox.lua
local outbox = { outbox = KEYS[1], ages = KEYS[2], pending = KEYS[3] }
local skip, most = tonumber(ARGV[1]), tonumber(ARGV[2])
local FIRST_NAME = 3

local names = { unpack(ARGV, FIRST_NAME) }
if #names == 0 then
  local from = '(' .. digits(now_us)
  names = redis.call('ZRANGEBYSCORE', outbox.outbox, from, FAILED, 'LIMIT', skip, most)
end
local due, skipped = 0, 0
for _, name in ipairs(names) do
  local p = read_pending(outbox, name)
  if p and p.rest <= now_us then
    -- First, because a full Redis lets a script write only after its first freeing command.
    redis.call('ZREM', outbox.outbox, name)
    p.attempts = 0
    save_pending(outbox, name, p, digits(now_us))
    due = due + 1
  else
    skipped = skipped + 1
  end
end
return { due, skipped }
