-- Changes of the fields of an object: lists of verb, field and value, all of which apply or none.

-- @use values.lua

-- Whether an object that is not there can begin with these changes.
local function brings_fields(changes, first)
  for i = first, #changes, 3 do
    if changes[i] ~= 'remove' then return true end
  end
  return false
end

-- Bytes of a field and its name, 0 where there is none.
local function bytes_of(field, value) return value and #field + #value or 0 end

local function undo(values_key, before)
  for field, value in pairs(before) do
    if value then redis.call('HSET', values_key, field, value)
    else redis.call('HDEL', values_key, field) end
  end
end

-- The value of a field after a change, false for none; or nil and why not.
local function change_field(values_key, verb, field, value)
  if verb == 'incr' then return increment(values_key, field, value) end
  if verb == 'set' then redis.call('HSET', values_key, field, value); return value end
  redis.call('HDEL', values_key, field)
  return false
end

-- The size of the object with its changes, and the sums of its increments. Or nothing, why, and the
-- field where one is at fault; then nothing has changed.
local function apply_changes(values_key, size, changes, first, max_bytes, max_fields)
  local before, sums, grown = {}, {}, size
  local function refuse(why, field)
    undo(values_key, before)
    return nil, why, field
  end
  for i = first, #changes, 3 do
    local verb, field = changes[i], changes[i + 1]
    local old = redis.call('HGET', values_key, field)
    local new, why = change_field(values_key, verb, field, changes[i + 2])
    if why then return refuse(why, field) end
    before[field] = old
    if verb == 'incr' then sums[#sums + 1] = new end
    grown = grown + bytes_of(field, new) - bytes_of(field, old)
  end
  if grown > max_bytes and grown > size then return refuse('bytes') end
  local fields = redis.call('HLEN', values_key) - redis.call('HEXISTS', values_key, '')
  if fields > max_fields then return refuse('fields') end
  return grown, sums
end
