-- The right to load one key: a string of fixed fields, then the token.
--   clk epoch base   clk, epoch and version of the entry (0: none) at the grant
--   granted until    us
--   softened         when a soft invalidation of the key met it, 0 if none did
-- A record without a token is the back-off after a failed load.
-- The holder proves its grant by `<token>.<clk>`: a token that is granted again, after its lease was
-- voided, proves nothing for a value that it loaded before.

-- @use entry.lua

local LEASE = '>dddddd'
local LEASE_BYTES = 48
local ENDS_AT, SOFTENED_AT = 32, 40
-- A lease that ran out is remembered for a while, so that the next reader can tell.
local REMEMBERED_MS = 60000

-- How long a record is kept that is in force for `lasts_ms` from now.
local function kept_ms(lasts_ms) return lasts_ms + REMEMBERED_MS end

-- The lease in force, or nil; then, whether a loader let it run out. A hard mark of its space makes
-- it void: the next reader may win.
local function read_lease(key, clock)
  local record = redis.call('GET', key)
  if not record then return nil, false end
  local l = {}
  l.clk, l.epoch, l.base, l.granted, l.ends, l.softened = struct.unpack(LEASE, record)
  if l.epoch ~= clock.epoch or l.clk < clock.hard then return nil, false end
  l.token = string.sub(record, LEASE_BYTES + 1)
  l.failed = l.token == ''
  if l.ends <= now_us then return nil, not l.failed end
  return l, false
end

-- Where an entry stands, as `judge` says; a back-off keeps it through its error window. Marks may
-- have ended its stale window earlier than the entry itself says.
local function judge_kept(entry, clock, space, idle_ms, entry_key)
  local state, logical, stale = judge(entry, clock, space, idle_ms, false)
  if state ~= 0 or not entry or entry.error <= now_us then return state, logical, stale end
  local lease = read_lease((string.gsub(entry_key, ':entry:', ':lease:', 1)), clock)
  return judge(entry, clock, space, idle_ms, lease and lease.failed)
end

local function proof_of(lease) return lease.token .. '.' .. digits(lease.clk) end

local function is_held(lease, proof) return lease and proof_of(lease) == proof end

local function write_lease(key, l)
  local record = struct.pack(LEASE, l.clk, l.epoch, l.base, l.granted, l.ends, l.softened) .. l.token
  -- On a full Redis reads go on, without leases.
  local answer = redis.pcall('SET', key, record, 'PX', kept_ms(math.ceil((l.ends - now_us) / 1000)))
  return not answer.err
end

-- Ends a lease before its time; whoever waits for the key should look again.
local function end_lease(key, clock, space, name)
  redis.call('UNLINK', key)
  clock.prev = clock.clk
  publish(clock, 'w', space, name)
end

local function new_lease(clock, entry, token, lasts_ms)
  return {
    clk = clock.clk, epoch = clock.epoch, base = entry and entry.version or 0,
    granted = now_us, ends = now_us + lasts_ms * 1000, softened = 0, token = token,
  }
end
