-- Entries of a log. State: a LIST total, time, total, time, total ...: the time of each entry in us and
-- the total consumed after it; the first total is the one before the oldest entry. The sum of any
-- span is the difference of two totals, and an entry takes about 20 bytes.

local function time_of(key, entry) return tonumber(redis.call('LINDEX', key, 2 * entry - 1)) end
local function total_of(key, entry) return tonumber(redis.call('LINDEX', key, 2 * entry)) end

-- The first entry of 1 .. count for which `holds` is true; count + 1 if there is none. Binary search.
local function first_where(count, holds)
  local low, high = 1, count + 1
  while low < high do
    local middle = math.floor((low + high) / 2)
    if holds(middle) then high = middle else low = middle + 1 end
  end
  return low
end

-- Entries of the future are from before the clock stepped back: they become one entry of now.
-- @return the number of entries
local function merge_ahead(key, count)
  if count == 0 or time_of(key, count) <= now_us then return count end -- @place entries-of-the-future
  local first = first_where(count, function(entry) return time_of(key, entry) > now_us end)
  local total = total_of(key, count)
  redis.call('LTRIM', key, 0, 2 * (first - 1))
  redis.call('RPUSH', key, string.format('%.0f', now_us), string.format('%.0f', total))
  return first
end
