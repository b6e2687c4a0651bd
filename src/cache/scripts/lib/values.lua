-- A counter or an object keeps its values in a hash, one field per value. No caller's name is empty, so
-- the field '' holds the version that ties the hash to its entry. There is no stale window: a value that
-- many change is current or gone.

-- @use condition.lua
-- @use entry.lua

-- Whether values of this kind are there; second the kind of another value that is there, third the
-- version for which the condition does not hold: either refuses the change.
local function look_up(state, entry, kind, condition)
  local there = state == 1 or state == 2
  if there and entry.kind ~= kind then return there, entry.kind end
  local version = version_of(state, entry)
  if not fits(version, condition) then return there, nil, version end
  return there
end

local function new_values(kind, clock, ttl_ms)
  local ends = now_us + ttl_ms * 1000
  return {
    kind = kind, negative = false, was_created = false, epoch = clock.epoch, created = now_us,
    logical = ends, stale = ends, error = ends, opens = 0, load = 0, size = 0,
    token = '', tags = '',
  }
end

-- Both halves expire together, also where one of them had lost its expiry.
local function save_values(entry_key, values_key, e, clock)
  e.version, e.fence, e.touched, e.type, e.encoding = clock.clk, clock.clk, now_us, '', ''
  write_entry(clock, entry_key, e, '')
  redis.call('HSET', values_key, '', digits(e.version))
  redis.call('PEXPIRE', values_key, math.max(1, math.ceil((e.logical - now_us) / 1000)))
end

-- HINCRBY counts in 64 bits; its result is read as text, because a double would lose digits.
-- Returns the value, or nothing and why: 'overflow' or 'text'.
local function increment(values_key, field, by)
  local sum = redis.pcall('HINCRBY', values_key, field, by)
  if type(sum) ~= 'table' then return redis.call('HGET', values_key, field) end
  if string.find(sum.err, 'overflow', 1, true) then return nil, 'overflow' end
  if string.find(sum.err, 'not an integer', 1, true) then return nil, 'text' end
  error(sum)
end
