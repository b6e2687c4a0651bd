-- The right to load one key: a string of fixed fields, then the token.
--   clk epoch base   clk, epoch and version of the entry (0: none) at the grant
--   granted ends     us
--   softened         when its key was softly invalidated, 0 for never
-- A record without a token is the back-off after a failed load. One with WRITING instead of a token is a
-- write lease, see writes.lua. With PASS, values of the key are not stored: each reader loads for itself.
-- The holder proves its grant by `<token>.<clk>`: a token that is granted again, after its lease was
-- voided, proves nothing for a value that it loaded before.

-- @use entry.lua
-- @use messages.lua

local LEASE = '>dddddd'
local LEASE_BYTES = 48
local ENDS_AT, SOFTENED_AT = 32, 40
-- A lease that ran out stays its holder's for so long, unless another is granted.
local REMEMBERED_MS = 60000
-- No token begins with the first, and none is as short as the second.
local WRITING, PASS = '!', '-'

-- How long the record of a lease is kept that runs out in `lasts_ms`.
local function kept_ms(lasts_ms) return lasts_ms + REMEMBERED_MS end

-- A hard mark of its space makes a lease void, and a back-off ends: the next reader may win. Writes to
-- the origin go on: a value that is loaded meanwhile may be older than they are.
local function read_lease(key, clock)
  local record = redis.call('GET', key)
  if not record then return nil end
  local l = {}
  l.clk, l.epoch, l.base, l.granted, l.ends, l.softened = struct.unpack(LEASE, record)
  l.token = string.sub(record, LEASE_BYTES + 1)
  l.writing = string.sub(l.token, 1, 1) == WRITING
  if not l.writing and (l.epoch ~= clock.epoch or l.clk < clock.hard) then return nil end
  l.failed, l.passes, l.ran_out = l.token == '', l.token == PASS, l.ends <= now_us
  if (l.failed or l.passes or l.writing) and l.ran_out then return nil end
  return l
end

local function proof_of(lease) return lease.token .. '.' .. digits(lease.clk) end -- @place proof-of-a-grant

local function is_held(lease, proof) return lease and proof_of(lease) == proof end

local function write_lease(key, l)
  local record = struct.pack(LEASE, l.clk, l.epoch, l.base, l.granted, l.ends, l.softened) .. l.token
  -- On a full Redis reads go on, without leases.
  local answer = redis.pcall('SET', key, record, 'PX', kept_ms(math.ceil((l.ends - now_us) / 1000)))
  return not answer.err
end

-- Ends a lease before its time; the requests that wait for the key should read again.
local function end_lease(key, clock, space, name)
  redis.call('UNLINK', key)
  wake(clock, space, name)
end

-- Twice what a load is known to take: the last one, or at least the lease that ran out before.
local function length_ms(lease_ms, max_ms, entry, before)
  local known = math.max(entry and entry.load or 0, before and ms(before.ends - before.granted) or 0)
  return math.max(lease_ms, math.min(max_ms, 2 * known))
end

local function new_lease(clock, entry, token, lasts_ms)
  return {
    clk = clock.clk, epoch = clock.epoch, base = entry and entry.version or 0,
    granted = now_us, ends = now_us + lasts_ms * 1000, softened = 0, token = token,
  }
end
