--[[
cache.renew: more time for the load of one key. Nothing else of its lease changes.

KEYS clock       zset    clk, epoch, run and marks of the partition
KEYS entry       string  see lib/entry.lua
KEYS lease       string  see lib/lease.lua
ARGV on_restart  string  keep, soft or flush, and the epoch of a new clock
ARGV space       string
ARGV proof       string  of the grant, see lib/lease.lua
ARGV lease_ms    int     length from now on

RETURN outcome
  1 renewed
  0 lost: the lease is not, or no longer, the caller's

COST O(1)
]]
-- @use lib/lease.lua
-- @use lib/partition.lua
local clock_key, entry_key, lease_key = KEYS[1], KEYS[2], KEYS[3]
local on_restart, space = ARGV[1], ARGV[2]
local proof, lease_ms = ARGV[3], tonumber(ARGV[4])

local clock = read_clock(clock_key, space, on_restart)
local lease = read_lease(lease_key, clock)
if not is_held(lease, proof) then return { 0 } end
-- First, because a full Redis lets a script write only after a command that takes no memory.
redis.call('PEXPIRE', lease_key, kept_ms(lease_ms))
local ends = now_us + lease_ms * 1000
redis.call('SETRANGE', lease_key, ENDS_AT, struct.pack('>d', ends))
outlive(clock, lease.clk, now_us + kept_ms(lease_ms) * 1000)
open_at(read_entry(entry_key), ends)
return { 1 }
