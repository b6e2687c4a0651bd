-- The fill of a lease: the value that its holder loaded.

-- @use lease.lua
-- @use marks.lua

-- The lease that `fill` (proof of the grant, and digest of the value) holds; nil without a fill. Else
-- why the value is not stored: 'filled' (it is stored already), 'conflict' (with another value) or 'lost'.
local function lease_of_fill(fill, entry, clock, lease_key, space, name, tags)
  if fill == '' then return nil end
  local proof = string.match(fill, '^%S+')
  -- A filler whose answer was lost asks again: its value is stored, or was replaced since.
  local filled = entry and string.sub(entry.token, 1, #proof + 1) == proof .. ' '
  if filled then return nil, entry.token == fill and 'filled' or 'conflict' end
  local lease = read_lease(lease_key, clock)
  local _, hard = marks_of(clock, space, split_tags(tags), math.huge)
  -- An entry that expired under the lease is no write that came between.
  local untouched = lease and (not entry or entry.version == lease.base)
  local is_holder = is_held(lease, proof)
  if not is_holder or not untouched or lease.clk < hard then -- @place fill-under-marks
    -- The loaded value is void, and so is the lease: the next reader may load.
    if is_holder then end_lease(lease_key, clock, space, name) end
    return nil, 'lost'
  end
  return lease
end

-- The end of freshness: what was loaded before a soft invalidation of its key is stale from the start.
local function fresh_until(lease, ttl_ms)
  local ends = now_us + ttl_ms * 1000
  if lease and lease.softened > 0 then return math.min(ends, lease.softened) end
  return ends
end

-- How long a load took; an entry has room for 32 bits.
local function load_ms(lease) return math.min(4294967295, math.max(1, ms(now_us - lease.granted))) end
