-- What one call delivers to a group.

-- @use delivery.lua
-- @use dead.lua
-- @use page.lua
-- @use stream.lua

-- Handed out and not settled, in one group.
local MOST_PENDING = 10000

local function new_call(limit, most_bytes, nonces, visibility_ms)
  return { limit = limit, most_bytes = most_bytes, nonces = nonces, visibility_ms = visibility_ms, taken = 0, bytes = 0,
    timed_out = 0, fields = {}, record = { 1, -1, 0, 0, 0, 0, 0 } }
end

local function append_delivery(fields, group, id, d, left_ms, packed)
  local values = { id, group.generation .. d.nonce, d.deliveries, d.failures, left_ms, packed }
  for _, value in ipairs(values) do fields[#fields + 1] = value end
end

local function has_room(call, packed)
  return call.taken < call.limit and (call.taken == 0 or call.bytes + #packed <= call.most_bytes)
end

local function hand_out(call, group, id, d, packed)
  call.taken, call.bytes = call.taken + 1, call.bytes + #packed
  d.deliveries, d.nonce, d.began_us = d.deliveries + 1, string.sub(call.nonces, call.taken * 8 - 7, call.taken * 8), now_us
  -- A microsecond more for each, so that they come back in their order.
  write_delivery(group, id, d, now_us + call.visibility_ms * 1000 + call.taken)
  append_delivery(call.fields, group, id, d, call.visibility_ms, packed)
  call.record[#call.record + 1], call.record[#call.record + 2] = id, d.nonce
end

-- @return the entry; nil if it was dropped or deleted
local function read_entry(stream, id)
  local entry = redis.call('XRANGE', stream.log, id, id)[1]
  if entry and parse_id(id) > stream.old_ms then return entry[2][2] end
end

local function count_due(group)
  return redis.call('ZCOUNT', group.leased, '-inf', string.format('%.0f', now_us))
end

-- Delivers what is ready again. At most 16 + limit entries are read for it, and none after `most_bytes`
-- were copied to the dead list.
-- @return how many are left
local function hand_out_due(call, stream, group)
  local now = string.format('%.0f', now_us)
  for _, id in ipairs(redis.call('ZRANGEBYSCORE', group.leased, '-inf', now, 'LIMIT', 0, 16 + call.limit)) do
    local packed = read_entry(stream, id)
    if group.buried > call.most_bytes or packed and not has_room(call, packed) then break end
    local d = read_delivery(group, id)
    -- One that was settled has no nonce. Otherwise its visibility ended.
    if d.nonce then
      call.timed_out, d.failures = call.timed_out + 1, d.failures + 1
    end
    if not packed then
      forget_delivery(group, id)
      group.dropped = group.dropped + 1
    elseif d.nonce and is_dead(group, d) then
      bury(group, id, d, packed)
    else
      hand_out(call, group, id, d, packed) -- @place entry-that-is-ready-again
    end
  end
  return count_due(group)
end

-- Delivers entries that the group did not have.
-- @return 1 if there are more, or nothing
local function hand_out_new(call, stream, group)
  local room = MOST_PENDING - redis.call('ZCARD', group.leased)
  if room <= 0 then return end
  local found, last = {}, group.last
  local limit, most_bytes = math.min(call.limit - call.taken, room), call.most_bytes - call.bytes
  local more = append_entries(found, stream.log, '(' .. last, '+', false, limit, most_bytes) -- @place new-entries-of-a-group
  for at = 1, #found, 2 do
    local id, packed = found[at], found[at + 1]
    if not has_room(call, packed) then return 1 end
    hand_out(call, group, id, { deliveries = 0, failures = 0 }, packed)
    group.last = id -- @place position-of-a-group
  end
  if more then return 1 end
  -- Deleted entries may come after the last one.
  group.last = stream.last
end

-- @return ms until the visibility of a delivery ends; -1 without one
local function next_due_ms(group)
  local due = tonumber(redis.call('ZRANGE', group.leased, 0, 0, 'WITHSCORES')[2])
  return due and math.max(0, math.ceil((due - now_us) / 1000)) or -1
end

-- What still stands of the deliveries of an earlier call.
local function still_leased(group, stream, first)
  local reply = { 1, -1, 1, 0, 0, 0, 0 }
  for at = #reply + 1, #first, 2 do
    local id = first[at]
    local d, packed = read_delivery(group, id), read_entry(stream, id)
    local due = tonumber(redis.call('ZSCORE', group.leased, id) or 0)
    if packed and d and d.nonce == first[at + 1] and due > now_us then
      append_delivery(reply, group, id, d, math.floor((due - now_us) / 1000), packed)
    end
  end
  return reply
end
