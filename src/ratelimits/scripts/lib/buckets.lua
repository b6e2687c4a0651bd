-- Counts of a sliding window: N + 1 buckets of equal width, the newest first. State
-- "<index>:<width>:<counts>"; the index counts widths since 1970.

-- The counts as of now, and whether the clock has stepped back. Another width or number of buckets
-- starts afresh. After a step back each count moves one bucket nearer to now: more of the newest
-- bucket may have passed now than before the step, and the counts would end too soon.
local function read_buckets(key, index, width, buckets)
  local counts, stored = {}, redis.call('GET', key)
  local last, same, text = string.match(stored or '', '^(%d+):(%d+):(.*)$')
  local gone = last and tonumber(same) == width and index - tonumber(last) or buckets + 1 -- @place buckets-that-moved-on
  local is_ahead = gone < 0
  if is_ahead then gone = 0 end
  for i = 1, buckets + 1 do counts[i] = 0 end
  local old = {}
  for count in string.gmatch(text or '', '%d+') do old[#old + 1] = tonumber(count) end
  if #old ~= buckets + 1 then return counts, false end
  for i = gone + 1, buckets + 1 do counts[i] = old[i - gone] end
  if is_ahead then
    counts[2] = counts[1] + counts[2]
    table.remove(counts, 1)
    counts[buckets + 1] = 0
  end
  return counts, is_ahead
end

-- us until the usage is zero.
local function reset_of(limit)
  for i, count in ipairs(limit.counts) do
    if count > 0 then return (limit.buckets + 2 - i) * limit.width - limit.elapsed end
  end
  return 0
end

local function store_buckets(limit, call)
  local ms = math.ceil(reset_of(limit) / 1000)
  if ms == 0 then return call('DEL', limit.key) end
  return call('SET', limit.key,
    string.format('%.0f:%.0f:%s', limit.index, limit.width, table.concat(limit.counts, ',')),
    'PX', ms)
end
