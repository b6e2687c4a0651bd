-- Marks of a partition: a soft one makes what began before it stale, a hard one ends it.

-- @use clock.lua

-- Each mark removes up to four that nothing is old enough for, so that they never pile up.
-- Scores below 1e15 are the epoch, the run, the life and notes of who keeps what.
local function set_mark(clock, name)
  tick(clock)
  redis.call('ZADD', clock.key, digits(clock.clk), name)
  local old = redis.call('ZRANGEBYSCORE', clock.key, '1e15', digits(now_us - clock.life), 'LIMIT', 0, 4)
  if #old > 0 then redis.call('ZREM', clock.key, unpack(old)) end
end

-- The soft marks before the last one of a name, oldest first: spans from one mark to another.
local SPANS = 4
local function spans_of(clock, name)
  local members = {}
  for i = 1, SPANS do members[i * 2 - 1], members[i * 2] = i .. '<' .. name, i .. '>' .. name end
  local score, spans = redis.call('ZMSCORE', clock.key, unpack(members)), {}
  for i = 1, SPANS do
    local to = tonumber(score[i * 2])
    if to then spans[#spans + 1] = { from = tonumber(score[i * 2 - 1] or 0), to = to } end
  end
  -- Those that went for their age leave gaps, which later ones fill.
  table.sort(spans, function(a, b) return a.to < b.to end)
  return spans
end

-- What carries the name is stale since the first mark after its fence, so earlier marks are kept;
-- where they are too many, the two that are nearest to each other become one span.
local function set_soft_mark(clock, name)
  local last = tonumber(redis.call('ZSCORE', clock.key, name))
  set_mark(clock, name)
  if not last then return end
  local spans = spans_of(clock, name)
  spans[#spans + 1] = { from = last, to = last }
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
-- fence: what is stale too early is loaded once more, what is stale too late was invalidated in vain.
local function first_after(clock, fence, name, last)
  for _, span in ipairs(spans_of(clock, name)) do
    if fence < span.to then return math.max(fence, span.from) end -- @place first-soft-mark
  end
  return last
end

-- Of the marks that count for something of this space with these tags: the first soft one after its
-- fence (infinite for none), and the last hard one.
local function marks_of(clock, space, tags, fence)
  local since, hard = math.huge, clock.hard
  -- Saves work: most entries have no tags, and were written after the last soft mark.
  if #tags == 0 and fence >= clock.last_soft then return since, hard end
  local function soften(name, last)
    if fence < last then since = math.min(since, first_after(clock, fence, name, last)) end
  end
  soften('soft', clock.restarted)
  soften('s:' .. space, clock.soft)
  if fence < clock.floor then since = fence end
  if #tags == 0 then return since, hard end
  local members = {}
  for i, tag in ipairs(tags) do
    members[i * 2 - 1], members[i * 2] = 't:' .. space .. ':' .. tag, 'T:' .. space .. ':' .. tag
  end
  local score = redis.call('ZMSCORE', clock.key, 'floor:t', 'floor:T', unpack(members))
  if fence < tonumber(score[1] or 0) then since = fence end
  hard = math.max(hard, tonumber(score[2] or 0))
  for i = 1, #tags do
    soften(members[i * 2 - 1], tonumber(score[i * 2 + 1] or 0))
    hard = math.max(hard, tonumber(score[i * 2 + 2] or 0))
  end
  return since, hard
end
