-- Where a group begins.

-- @use place.lua

-- @param place 'start', 'end', 'at:' and a time in ms, or an id
-- @return the id of the entry before it
local function position_of(stream, place)
  local gone = gone_of(stream)
  if place == 'start' then return gone end
  if place == 'end' then return stream.last end
  if parse_id(place) then return place end
  local before = redis.call('XREVRANGE', stream.log, last_before(place), '(' .. gone, 'COUNT', 1)[1]
  return before and before[1] or gone
end
