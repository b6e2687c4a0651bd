--[[
cache.cancel: give up the load of one key: another caller may load at once, or after a back-off.

KEYS clock       zset    clk, epoch, run and marks of the partition
KEYS entry       string  see lib/entry.lua
KEYS lease       string  see lib/lease.lua
ARGV on_restart  string  keep, soft or flush, and the epoch of a new clock
ARGV space       string
ARGV name        string  the key, for its message
ARGV proof       string  of the grant, see lib/lease.lua
ARGV backoff_ms  int     the load failed: no caller may load for so long; 0 for no back-off
ARGV pass_ms     int     the value may not be stored: each reader loads for itself for so long; 0 for none

RETURN outcome
  1 cancelled
  0 lost: the lease is not, or no longer, the caller's

COST O(1)
]]
-- @use lib/lease.lua
-- @use lib/partition.lua
local clock_key, entry_key, lease_key = KEYS[1], KEYS[2], KEYS[3]
local on_restart, space, name = ARGV[1], ARGV[2], ARGV[3]
local proof, backoff_ms, pass_ms = ARGV[4], tonumber(ARGV[5]), tonumber(ARGV[6])

local clock = read_clock(clock_key, space, on_restart)
local lease = read_lease(lease_key, clock)
if not is_held(lease, proof) then return { 0 } end
end_lease(lease_key, clock, space, name)
open_at(read_entry(entry_key), backoff_ms > 0 and now_us or 0)
if backoff_ms > 0 then write_lease(lease_key, new_lease(clock, nil, '', backoff_ms)) end
if pass_ms > 0 then write_lease(lease_key, new_lease(clock, nil, PASS, pass_ms)) end
return { 1 }
