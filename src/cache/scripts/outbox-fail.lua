--[[
cache.outbox-fail: what was sent for a key did not reach the origin, or not for sure. It is due again after a
rest and a back-off, or waits for an operator.

KEYS entry         string  see lib/entry.lua
KEYS outbox        zset    see lib/outbox.lua
KEYS ages          zset    the same
KEYS pending       hash    the same
ARGV name          string  the key
ARGV token         string  of the claim
ARGV version       int     that was sent
ARGV counts        0 or 1  1: the origin answered about this write, so it is an attempt
ARGV rest_ms       int     within which the origin may still apply it
ARGV max_attempts  int     after so many it waits for an operator
ARGV base_ms       int     the first back-off, doubled by each further attempt
ARGV max_ms        int     its greatest length
ARGV error         string  what happened

RETURN outcome
  0 lost: the claim is over
  1 waits: it is due again, or a later write is
  2 failed

COST O(log pending)
]]
-- @use lib/outbox.lua
local entry_key, outbox = KEYS[1], { outbox = KEYS[2], ages = KEYS[3], pending = KEYS[4] }
local name, token, version, counts = ARGV[1], ARGV[2], tonumber(ARGV[3]), ARGV[4] == '1'
local rest_ms, max_attempts = tonumber(ARGV[5]), tonumber(ARGV[6])
local base_ms, max_ms, why = tonumber(ARGV[7]), tonumber(ARGV[8]), ARGV[9]

local p = read_pending(outbox, name)
if not p or p.claim ~= token then return { 0 } end
local entry = read_entry(entry_key)
-- First, because a full Redis lets a script write only after its first freeing command.
redis.call('ZREM', outbox.outbox, name)
p.claim, p.rest = UNCLAIMED, now_us + rest_ms * 1000
local outcome, due = 1, p.rest
-- What was written meanwhile did not fail.
if entry and entry.version == version then
  p.error = why
  if counts then p.attempts = p.attempts + 1 end
  due = math.max(p.rest, now_us + math.min(max_ms, base_ms * 2 ^ math.max(0, p.attempts - 1)) * 1000)
  if p.attempts >= max_attempts then outcome = 2 end
end
save_pending(outbox, name, p, outcome == 2 and FAILED or digits(due))
return { outcome }
