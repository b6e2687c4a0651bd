-- Marks of a partition: a soft one makes what began before it stale, a hard one ends it.

-- @use spans.lua

-- Each mark removes up to four that every entry outlived, so that they never pile up. Scores below 1e15
-- are no marks: the epoch, the run, the life, and who keeps what.
local function set_mark(clock, name)
  tick(clock)
  redis.call('ZADD', clock.key, digits(clock.clk), name)
  local old = redis.call('ZRANGEBYSCORE', clock.key, '1e15', digits(now_us - clock.life), 'LIMIT', 0, 4)
  if #old > 0 then redis.call('ZREM', clock.key, unpack(old)) end
end

-- A value is stale since the first mark after its fence, so the mark before this one is kept.
local function set_soft_mark(clock, name)
  local last = tonumber(redis.call('ZSCORE', clock.key, name))
  set_mark(clock, name)
  if last then add_span(clock, name, last) end
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
