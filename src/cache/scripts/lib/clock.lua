-- The clock of one partition: a sorted set of clk, epoch, run and marks, lost whole or not at all.
--   clk                  the last tick: max(clk + 1, time in us); stamps versions, fences and marks
--   epoch                random; entries and leases of another epoch are void
--   run                  the server process that the clock was last used on
--   life                 us from a fence to the end of what carries it, at most; see outlive
--   said                 the clk of the last message
--   L:<space>            ms; an instance keeps values of the space in its memory, see note_keeper
--   soft                 soft mark of the whole partition, set after a restart
--   s:<space>, h:<space> soft and hard mark of a space
--   t:<space>:<tag>      soft mark of a tag; T:<space>:<tag> its hard mark
--   1<... 1>... to 4>... spans of earlier soft marks of the name that follows, see spans_of
--   floor:s, floor:h, floor:t, floor:T  the last of the marks of that kind that were folded, see
--                        fold.lua: whatever began before may have been meant

-- Another run than the clock's means a restart or a promotion. To ask costs as much as the rest of a
-- read, so the caller says it where it is certain.
if run_id == '' then run_id = string.match(redis.call('INFO', 'server'), 'run_id:(%x+)') end
local server_run = tonumber(string.sub(run_id, 1, 12), 16)

-- Of marks, at least: no lease lasts longer unless it is renewed.
local LEAST_LIFE_US = 3600 * 1000000
-- An entry lives at most 30 days, then 30 days stale: no clock may be shorter-lived than the entries
-- it judges.
local CLOCK_LIFE_MS = 62 * 86400 * 1000

local function digits(number) return string.format('%.0f', number) end

-- PEXPIRE comes first: what a full Redis must still do (invalidate) may then write.
local function save(clock)
  local key = clock.key
  local lives = redis.call('PEXPIRE', key, CLOCK_LIFE_MS)
  if clock.saved then
    redis.call('ZADD', key, digits(clock.clk), 'clk')
  else
    redis.call('ZADD', key, digits(clock.clk), 'clk', digits(clock.epoch), 'epoch', server_run, 'run')
  end
  if lives == 0 then redis.call('PEXPIRE', key, CLOCK_LIFE_MS) end
  clock.saved = true
end

local function advance(clock) clock.clk = math.max(clock.clk + 1, now_us) end

local function tick(clock)
  advance(clock)
  save(clock)
end

-- For what only takes away: a clock that is not there judges nothing, and none is made for it.
local function tick_if_saved(clock)
  advance(clock)
  if clock.saved then save(clock) end
end

local function send(clock, before, kind, space, name)
  redis.call('SPUBLISH', clock.key, table.concat({ digits(before), digits(clock.clk), kind, space, name }, ' '))
end

-- Tells every instance what changed. The clk of the message before lets it notice one that it missed.
--   k <key>  the content of a key;  t <tag>;  f  the whole space;  a  the whole partition
local function publish(clock, kind, space, name)
  send(clock, clock.said, kind, space, name)
  clock.said = clock.clk
  if clock.saved then redis.call('ZADD', clock.key, digits(clock.said), 'said') end
end

-- Nothing changed, but whoever waits for the key should look again.
local function wake(clock, space, name) send(clock, clock.clk, 'w', space, name) end

-- A key changed. Only those hear of it who may keep a value of its space, which lives no longer than
-- `life` after the read that brought it, and those who wait for the key: then it has a lease. The first
-- change after a clock was lost is told to all, for the notes of who keeps what went with it.
local function publish_key(clock, space, name, is_awaited)
  if is_awaited or clock.said == 0 or now_us <= clock.kept * 1000 + clock.life then
    publish(clock, 'k', space, name)
  end
end

-- Notes that an instance keeps what it reads of the space, a minute ahead, so that most reads write
-- nothing. PEXPIRE comes first, as in save. False where Redis takes no writes: then nothing may be kept.
local KEEPER_MS = 60000
local function note_keeper(clock, space)
  if now_us < clock.kept * 1000 then return true end
  clock.kept = math.floor(now_us / 1000) + KEEPER_MS
  local lives = redis.pcall('PEXPIRE', clock.key, CLOCK_LIFE_MS)
  if type(lives) == 'table' then return false end
  redis.call('ZADD', clock.key, clock.kept, 'L:' .. space)
  return true
end

-- What carries a fence may be served, or filled, until `ends`: marks that came between must outlive it.
local function outlive(clock, fence, ends)
  if ends - fence <= clock.life then return end
  clock.life = ends - fence
  redis.call('ZADD', clock.key, digits(clock.life), 'life')
end

-- Each mark removes up to four that nothing is old enough for, so that they never pile up.
-- Scores below 1e15 are the epoch, the run and the life.
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

-- A server that came back, or was promoted, may hold older state than callers have seen: nothing
-- older than the restart is served before the configured mark is set. 0 keep, 1 soft, 2 flush.
local function after_restart(clock, seed, on_restart)
  clock.saved = false
  if on_restart == 2 then
    clock.epoch = seed
    redis.call('UNLINK', clock.key)
  end
  if on_restart == 1 then set_soft_mark(clock, 'soft') else tick(clock) end
  if on_restart ~= 0 then publish(clock, 'a', '', '') end
end

-- The clock and the marks of one space. `seed` becomes the epoch where there is no clock yet: no
-- entry carries it, so whatever outlived a lost clock is a miss.
local function read_clock(key, space, seed, on_restart)
  local score = redis.call('ZMSCORE', key, 'clk', 'epoch', 'run', 'soft', 's:' .. space, 'h:' .. space,
    'floor:s', 'floor:h', 'life', 'said', 'L:' .. space)
  local clock = {
    key = key,
    clk = tonumber(score[1] or 0),
    epoch = tonumber(score[2] or seed),
    restarted = tonumber(score[4] or 0),
    soft = tonumber(score[5] or 0),
    hard = math.max(tonumber(score[6] or 0), tonumber(score[8] or 0)),
    floor = tonumber(score[7] or 0),
    life = tonumber(score[9] or LEAST_LIFE_US),
    said = tonumber(score[10] or 0),
    kept = tonumber(score[11] or 0),
    saved = score[1] ~= false,
  }
  clock.last_soft = math.max(clock.restarted, clock.soft, clock.floor)
  if not clock.saved or tonumber(score[3]) == server_run then return clock end
  after_restart(clock, seed, on_restart)
  return read_clock(key, space, seed, on_restart)
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
