-- The soft marks before the last one of a name, oldest first: spans from one mark to another.

-- @use clock.lua

local SPANS = 4

local function spans_of(clock, name)
  local members = {}
  for i = 1, SPANS do members[i * 2 - 1], members[i * 2] = i .. '<' .. name, i .. '>' .. name end
  local score, spans = redis.call('ZMSCORE', clock.key, unpack(members)), {}
  for i = 1, SPANS do
    local to = tonumber(score[i * 2])
    if to then spans[#spans + 1] = { from = tonumber(score[i * 2 - 1] or 0), to = to } end
  end
  -- Old ones are removed and leave gaps, which later ones fill.
  table.sort(spans, function(a, b) return a.to < b.to end)
  return spans
end

-- Adds a mark; where there are too many, the two that are nearest to each other become one span.
local function add_span(clock, name, mark)
  local spans = spans_of(clock, name)
  spans[#spans + 1] = { from = mark, to = mark }
  if #spans > SPANS then
    local near = 1
    for i = 2, SPANS do
      if spans[i + 1].from - spans[i].to < spans[near + 1].from - spans[near].to then near = i end
    end
    spans[near].to = table.remove(spans, near + 1).to
  end
  local scores = {}
  for i, span in ipairs(spans) do
    scores[i * 4 - 3], scores[i * 4 - 2] = digits(span.from), i .. '<' .. name
    scores[i * 4 - 1], scores[i * 4] = digits(span.to), i .. '>' .. name
  end
  redis.call('ZADD', clock.key, unpack(scores))
end

-- The first soft mark of a name after a fence. Within a span it is not known, but never before the
-- fence: a value that is stale too early is loaded once more, one that is stale too late is served
-- although it was invalidated.
local function first_after(clock, fence, name, last)
  for _, span in ipairs(spans_of(clock, name)) do
    if fence < span.to then return math.max(fence, span.from) end -- @place first-soft-mark
  end
  return last
end
