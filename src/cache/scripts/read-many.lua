--[[
cache.read-many: the values of keys of one space and partition; no leases.

KEYS clock       zset    clk, epoch, run and marks of the partition
KEYS entry[]     string  see lib/entry.lua
ARGV on_restart  string  keep, soft or flush, and the epoch of a new clock
ARGV space       string
ARGV idle_ms     int     longest time without use, 0 for none
ARGV max_bytes   int     a larger payload is left out
ARGV reply_bytes int     keys after this many bytes of payloads are not read

RETURN clk entries
  clk      of the partition, as of this reply
  entries  one string: verdict and entry of each key that was read, in order; see describe in
           lib/verdict.lua

COST O(keys), and O(tags) for an entry with tags
]]
-- @use lib/partition.lua
-- @use lib/verdict.lua
local clock_key = KEYS[1]
local on_restart, space, idle_ms = ARGV[1], ARGV[2], tonumber(ARGV[3])
local max_bytes, reply_bytes = tonumber(ARGV[4]), tonumber(ARGV[5])

local clock = read_clock(clock_key, space, on_restart)
local parts, bytes = {}, 0

for i = 2, #KEYS do
  if bytes > reply_bytes then break end
  local entry = read_entry(KEYS[i])
  local state, logical, stale = judge(entry, clock, space, idle_ms)
  if state > 0 then note_use(entry, idle_ms) end
  if state > 0 and entry.kind == BYTES and entry.size <= max_bytes then bytes = bytes + entry.size end
  parts[#parts + 1], parts[#parts + 2] = describe(state, entry, logical, stale, max_bytes)
  drop_dead(entry)
end
return { clock.clk, table.concat(parts) }
