--[[
cache.read: the value of a key, how fresh it is, and who should load it, in one step.

KEYS clock        zset    clk, epoch, run and marks of the partition
KEYS entry        string  see lib/entry.lua
KEYS lease        string  see lib/lease.lua
ARGV on_restart   string  keep, soft or flush, and the epoch of a new clock
ARGV space        string
ARGV want         int     0 no lease; 1 a lease where one is due; 2 only who has it
ARGV token        string  token of the lease that is granted, or that the caller holds already
ARGV lease_ms     int     length of the lease, unless loads are known to take longer
ARGV max_lease_ms int     its greatest length
ARGV early        string  -beta * ln(u), u random in (0, 1]; '0' never refreshes early
ARGV idle_ms      int     longest time without use, 0 for none
ARGV max_stale_ms int     how stale the value may be, -1 for as long as it is kept
ARGV min_fresh_ms int     how long the value must stay fresh, 0 for any
ARGV max_bytes    int     a larger payload is left out, -1 for none at all
ARGV keeps        0 or 1  1: the caller keeps values of the space in its memory
ARGV has_failed   0 or 1  1: a load of the caller failed, so the error window is open for it

RETURN clk outcome left_ms proof verdict entry
  0 none: no lease was asked for, or none is needed
  1 granted
  2 held: by another
  3 backoff: a load failed, so no caller may load for left_ms
  4 granted-late: granted, after a loader let its lease run out
  5 written: writes to the origin are under way, so no load is stored
  6 pass: values of the key are not stored, for left_ms
  clk      of the partition, as of this reply; -1 where the caller may not keep what it reads
  left_ms  of the lease, or of the wait for it
  proof    of the grant, see lib/lease.lua
  verdict, entry  see describe in lib/verdict.lua

COST O(1), and O(tags) for an entry with tags
]]
-- @use lib/grant.lua
-- @use lib/partition.lua
-- @use lib/verdict.lua
local clock_key, entry_key, lease_key = KEYS[1], KEYS[2], KEYS[3]
local on_restart, space = ARGV[1], ARGV[2]
local want, token, lease_ms = tonumber(ARGV[3]), ARGV[4], tonumber(ARGV[5])
local max_lease_ms, early, idle_ms = tonumber(ARGV[6]), tonumber(ARGV[7]), tonumber(ARGV[8])
local max_stale_ms, min_fresh_ms = tonumber(ARGV[9]), tonumber(ARGV[10])
local max_bytes, keeps, has_failed = tonumber(ARGV[11]), ARGV[12] == '1', ARGV[13] == '1'

local clock = read_clock(clock_key, space, on_restart)
local entry = read_entry(entry_key)
local state, logical, stale = judge(entry, clock, space, idle_ms, has_failed)
local holds_bytes = state == 0 or entry.kind == BYTES

-- A value that the caller does not accept is a miss, unless there is no newer one anywhere.
if state == 2 and max_stale_ms >= 0 and now_us - logical > max_stale_ms * 1000 then state = 0 end
if state == 1 and not entry.pending and logical - now_us < min_fresh_ms * 1000 then state = 0 end

local outcome, left_ms, proof = 0, 0, ''
if want > 0 and state ~= 3 and holds_bytes then
  local offer = { want = want, token = token, lease_ms = lease_ms, max_lease_ms = max_lease_ms, early = early }
  outcome, left_ms, proof = grant(clock, lease_key, entry, state, logical, offer)
end

if state > 0 then note_use(entry, idle_ms) end
local as_of = clock.clk
if keeps and clock.saved and not note_keeper(clock, space) then as_of = -1 end
drop_dead(entry)
return { as_of, outcome, left_ms, proof, describe(state, entry, logical, stale, max_bytes) }
