-- What a receipt does to its delivery. Each returns a status.

-- @use ../../../redis/scripts/lib/statuses.lua
-- @use dead.lua
-- @use handout.lua
-- @use stream.lua

-- @return a status unless the receipt is that of the last delivery
local function refusal_of(group, id, d, secret)
  if string.sub(secret, 1, 4) ~= group.generation then return STALE end
  if d then return group.generation .. (d.nonce or '') ~= secret and STALE or nil end -- @place receipt-of-an-entry
  local ms, n = parse_id(id)
  local last_ms, last_n = parse_id(group.last)
  -- One that is a dead letter is not done, nor is one that a failover took back.
  local is_open = is_before(last_ms, last_n, ms, n) or redis.call('ZSCORE', group.dead, id)
  return is_open and STALE or GONE
end

local function acknowledge(group, id)
  forget_delivery(group, id)
  group.settled = group.settled + 1
  return ACKED
end

-- It is ready again at once.
local function give_back(group, id, d)
  local _, n = parse_id(id)
  d.nonce = nil
  write_delivery(group, id, d, n)
  group.readied = group.readied + 1
end

local function release(group, id, d)
  give_back(group, id, d)
  return RELEASED
end

local function reject(stream, group, id, d, is_last, error)
  d.failures, d.error = d.failures + 1, error
  if not is_last and not is_dead(group, d) then
    give_back(group, id, d)
    return RETRYING
  end
  local packed = read_entry(stream, id)
  group.settled = group.settled + 1
  if packed then
    bury(group, id, d, packed)
    return DEAD
  end
  forget_delivery(group, id)
  group.dropped = group.dropped + 1
  return GONE
end

local function extend(group, id, d, ms, most_ms)
  local due = now_us + ms * 1000
  if due > d.began_us + most_ms * 1000 then return STALE end
  redis.call('ZADD', group.leased, 'GT', string.format('%.0f', due), id)
  return EXTENDED
end
