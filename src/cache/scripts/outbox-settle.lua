--[[
cache.outbox-settle: the origin has what was sent for a key, or something newer. Its entry ends as others do,
unless it was written again meanwhile: then that is due.

KEYS clock         zset    clk, epoch, run and marks of the partition
KEYS entry         string  see lib/entry.lua
KEYS outbox        zset    see lib/outbox.lua
KEYS ages          zset    the same
KEYS pending       hash    the same
ARGV on_restart    string  keep, soft or flush, and the epoch of a new clock
ARGV space         string
ARGV name          string  the key, for its message
ARGV token         string  of the claim
ARGV version       int     that was sent, 0 where nothing was pending
ARGV drop          0 or 1  1: the origin has another form of it, or something newer
ARGV interval_ms   int     after which a later write is due

RETURN outcome
  0 lost: the claim is over
  1 settled
  2 newer: a later write is due

COST O(log pending), and O(tags)
]]
-- @use lib/outbox.lua
-- @use lib/partition.lua
local clock_key, entry_key = KEYS[1], KEYS[2]
local outbox = { outbox = KEYS[3], ages = KEYS[4], pending = KEYS[5] }
local on_restart, space, name, token = ARGV[1], ARGV[2], ARGV[3], ARGV[4]
local version, drop, interval_ms = tonumber(ARGV[5]), ARGV[6] == '1', tonumber(ARGV[7])

local p = read_pending(outbox, name)
if not p or p.claim ~= token then return { 0 } end
-- First, because a full Redis lets a script write only after its first freeing command.
redis.call('ZREM', outbox.outbox, name)
local entry = read_entry(entry_key)
if entry and entry.pending and entry.version ~= version then
  p.claim, p.rest = UNCLAIMED, 0
  redis.call('ZADD', outbox.ages, digits(entry.created), name)
  save_pending(outbox, name, p, digits(entry.created + interval_ms * 1000))
  return { 2 }
end

forget_pending(outbox, name, p)
if not entry or not entry.pending then return { 1 } end
local clock = read_clock(clock_key, space, on_restart)
tick(clock)
if drop then redis.call('UNLINK', entry_key) else deliver_entry(clock, entry) end
publish_key(clock, space, name, false)
return { 1 }
