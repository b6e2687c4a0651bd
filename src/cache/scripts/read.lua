--[[
cache.read: the value of a key, how fresh it is, and who should load it, in one step.

KEYS clock        zset    clk, epoch, run and marks of the partition
KEYS entry        string  see lib/entry.lua
KEYS lease        string  see lib/lease.lua
ARGV seed         int     epoch of a new clock
ARGV on_restart   int     0 keep, 1 soft, 2 flush
ARGV space        string
ARGV want         int     0 no lease; 1 a lease where one is due; 2 only to hear who has it
ARGV token        string  token of the lease, should it be granted; or of one that is held already
ARGV lease_ms     int     length of the lease, where loads are not known to take longer
ARGV max_lease_ms int     its greatest length
ARGV early        string  -beta * ln(u), u random in (0, 1]; '0' never refreshes early
ARGV idle_ms      int     longest time without use, 0 for none
ARGV max_stale_ms int     how stale the value may be, -1 for as long as it is kept
ARGV min_fresh_ms int     how long the value must stay fresh, 0 for any
ARGV max_bytes    int     a larger payload is left out, -1 for none at all
ARGV keeps        0 or 1  1: the caller keeps values of the space in its memory

RETURN clk outcome left_ms proof verdict entry
  0 none: no lease was asked for, or none is needed
  1 won
  2 held: by another
  3 backoff: a load failed, so no request may load for left_ms
  4 won-late: won, after a loader let its lease run out
  clk      of the partition, as of this reply; -1 where the caller may not keep what it reads
  left_ms  of the lease, or of the wait for it
  proof    of the grant that was won, see lib/lease.lua
  verdict, entry  see describe in lib/verdict.lua

COST O(1), and O(tags) for an entry with tags
]]
-- @use lib/lease.lua
-- @use lib/partition.lua
-- @use lib/verdict.lua
local clock_key, entry_key, lease_key = KEYS[1], KEYS[2], KEYS[3]
local seed, on_restart, space = tonumber(ARGV[1]), tonumber(ARGV[2]), ARGV[3]
local want, token, lease_ms = tonumber(ARGV[4]), ARGV[5], tonumber(ARGV[6])
local max_lease_ms, early, idle_ms = tonumber(ARGV[7]), tonumber(ARGV[8]), tonumber(ARGV[9])
local max_stale_ms, min_fresh_ms = tonumber(ARGV[10]), tonumber(ARGV[11])
local max_bytes, keeps = tonumber(ARGV[12]), ARGV[13] == '1'

local clock = read_clock(clock_key, space, seed, on_restart)
local entry = read_entry(entry_key)
local state, logical, stale = judge(entry, clock, space, idle_ms)
local lease, ran_out = want > 0 and read_lease(lease_key, clock)
if lease and lease.ran_out then lease, ran_out = nil, lease end
local is_other_kind = state ~= 0 and entry.kind ~= BYTES

-- What the caller does not accept is a miss to it.
if state == 2 and max_stale_ms >= 0 and now_us - logical > max_stale_ms * 1000 then state = 0 end
if state == 1 and logical - now_us < min_fresh_ms * 1000 then state = 0 end

local function due()
  if state == 0 or state == 2 then return true end
  return state == 1 and entry.load > 0 and early > 0 and now_us + entry.load * 1000 * early >= logical
end

-- Granted, held or backing off. Where several read a fresh value at once, only the winner of the
-- early refresh hears of a lease.
local function ask()
  if state == 3 or is_other_kind then return 0, 0, '' end
  if lease and lease.token == token then return 1, ms(lease.ends - now_us), proof_of(lease) end
  if not due() then return 0, 0, '' end
  if lease and lease.softened == 0 then
    if state == 1 then return 0, 0, '' end
    return lease.failed and 3 or 2, math.ceil((lease.ends - now_us) / 1000), ''
  end
  if want == 2 then return 0, 0, '' end
  if not clock.saved then
    -- A full Redis answers with an error table, any other with a number.
    if type(redis.pcall('ZADD', clock_key, 0, 'clk')) == 'table' then return 0, 0, '' end
    tick(clock)
  end
  local lasts_ms = length_ms(lease_ms, max_lease_ms, entry, ran_out)
  local granted = new_lease(clock, entry, token, lasts_ms)
  if not write_lease(lease_key, granted) then return 0, 0, '' end
  open_at(entry, granted.ends)
  return ran_out and 4 or 1, lasts_ms, proof_of(granted)
end

local lease_state, left_ms, proof = 0, 0, ''
if want > 0 then lease_state, left_ms, proof = ask() end

if state > 0 and idle_ms > 0 and now_us - entry.touched > idle_ms * 100 then
  redis.pcall('SETRANGE', entry_key, TOUCHED_AT, struct.pack('>d', now_us))
end
local as_of = clock.clk
if keeps and clock.saved and not note_keeper(clock, space) then as_of = -1 end
bury(entry)
return { as_of, lease_state, left_ms, proof, describe(state, entry, logical, stale, max_bytes) }
