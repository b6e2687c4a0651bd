-- The right to load one key: a string of fixed fields, then the token.
--   clk epoch base   clk, epoch and version of the entry (0: none) at the grant
--   granted until    us
--   softened         when a soft invalidation of the key met it, 0 if none did
-- A record without a token is the back-off after a failed load.
local LEASE = '>dddddd'
local LEASE_BYTES = 48
local ENDS_AT, SOFTENED_AT = 32, 40

-- The lease in force, or nil. A hard mark of its space makes it void: the next reader may win.
local function read_lease(key, clock)
  local record = redis.call('GET', key)
  if not record then return nil end
  local l = {}
  l.clk, l.epoch, l.base, l.granted, l.ends, l.softened = struct.unpack(LEASE, record)
  if l.ends <= now_us or l.epoch ~= clock.epoch or l.clk < clock.hard then return nil end
  l.token = string.sub(record, LEASE_BYTES + 1)
  l.failed = l.token == ''
  return l
end

local function write_lease(key, l)
  local record = struct.pack(LEASE, l.clk, l.epoch, l.base, l.granted, l.ends, l.softened) .. l.token
  -- On a full Redis reads go on, without leases.
  local answer = redis.pcall('SET', key, record, 'PX', math.max(1, math.ceil((l.ends - now_us) / 1000)))
  return not answer.err
end

local function new_lease(clock, entry, token, lasts_ms)
  return {
    clk = clock.clk, epoch = clock.epoch, base = entry and entry.version or 0,
    granted = now_us, ends = now_us + lasts_ms * 1000, softened = 0, token = token,
  }
end
