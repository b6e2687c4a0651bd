-- The grant of a lease, to a read that offers to load.

-- @use lease.lua

local NONE, GRANTED, HELD, BACKOFF, GRANTED_LATE, WRITTEN, PASSES = 0, 1, 2, 3, 4, 5, 6

-- Whether a key with this state should be loaded.
local function is_due(state, entry, logical, early)
  if state == 0 or state == 2 then return true end
  return state == 1 and entry.load > 0 and early > 0 and now_us + entry.load * 1000 * early >= logical
end

-- What the offer comes to: outcome, milliseconds, and proof of the grant. Of readers of a fresh value
-- only the winner of the early refresh hears of a lease.
--   offer  want (1 a lease, 2 only who has it), token, lease_ms, max_lease_ms, early
local function grant(clock, lease_key, entry, state, logical, offer)
  local lease, ran_out = read_lease(lease_key, clock), nil
  if lease and lease.ran_out then lease, ran_out = nil, lease end
  if lease and lease.token == offer.token then return GRANTED, ms(lease.ends - now_us), proof_of(lease) end
  if not is_due(state, entry, logical, offer.early) then return NONE, 0, '' end
  if lease and (lease.softened == 0 or lease.writing) then
    if state == 1 then return NONE, 0, '' end
    local why = lease.writing and WRITTEN or lease.failed and BACKOFF or lease.passes and PASSES or HELD
    return why, math.ceil((lease.ends - now_us) / 1000), ''
  end
  if offer.want == 2 then return NONE, 0, '' end
  if not clock.saved then
    -- A full Redis answers with an error table, any other with a number.
    if type(redis.pcall('ZADD', clock.key, 0, 'clk')) == 'table' then return NONE, 0, '' end
    tick(clock)
  end
  local lasts_ms = length_ms(offer.lease_ms, offer.max_lease_ms, entry, ran_out)
  local granted = new_lease(clock, entry, offer.token, lasts_ms)
  if not write_lease(lease_key, granted) then return NONE, 0, '' end
  open_at(entry, granted.ends)
  return ran_out and GRANTED_LATE or GRANTED, lasts_ms, proof_of(granted)
end
