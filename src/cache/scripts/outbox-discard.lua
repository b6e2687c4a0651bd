--[[
cache.outbox-discard: drop what a key has pending, with its entry: the origin need not get it. What is on its
way may still arrive.

KEYS clock       zset    clk, epoch, run and marks of the partition
KEYS entry       string  see lib/entry.lua
KEYS outbox      zset    see lib/outbox.lua
KEYS ages        zset    the same
KEYS pending     hash    the same
ARGV on_restart  string  keep, soft or flush, and the epoch of a new clock
ARGV space       string
ARGV name        string  the key, for its message

RETURN outcome
  0 nothing: nothing was pending
  1 discarded

COST O(log pending)
]]
-- @use lib/outbox.lua
-- @use lib/partition.lua
local clock_key, entry_key = KEYS[1], KEYS[2]
local outbox = { outbox = KEYS[3], ages = KEYS[4], pending = KEYS[5] }
local on_restart, space, name = ARGV[1], ARGV[2], ARGV[3]

local entry, p = read_entry(entry_key), read_pending(outbox, name)
if not p or not entry or not entry.pending then return { 0 } end
-- First, because a full Redis lets a script write only after its first freeing command.
redis.call('UNLINK', entry_key)
-- While the origin may still apply a request, no other is sent for the key: what is left of it says so.
if p.rest > now_us then save_pending(outbox, name, p, digits(p.rest)) else forget_pending(outbox, name, p) end
local clock = read_clock(clock_key, space, on_restart)
tick_if_saved(clock)
publish_key(clock, space, name, false)
return { 1 }
