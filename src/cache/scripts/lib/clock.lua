-- The clock of one partition: a sorted set of clk, epoch, run and marks, lost whole or not at all.
--   clk                  the last tick: max(clk + 1, time in us); stamps versions, fences and marks
--   epoch                random; entries and leases of another epoch are void
--   run                  the server process that the clock was last used on
--   soft                 soft mark of the whole partition, set after a restart
--   s:<space>, h:<space> soft and hard mark of a space
--   t:<space>:<tag>      soft mark of a tag; T:<space>:<tag> its hard mark

-- Another run than the clock's means a restart or a promotion. To ask costs as much as the rest of a
-- read, so the caller says it where it is certain.
if run_id == '' then run_id = string.match(redis.call('INFO', 'server'), 'run_id:(%x+)') end
local server_run = tonumber(string.sub(run_id, 1, 12), 16)

-- An entry lives at most 30 days, then 30 days stale: no mark matters longer, and no clock may be
-- shorter-lived than the entries it judges.
local MARK_LIFE_US = 61 * 86400 * 1000000
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
    clock.saved = true
  end
  if lives == 0 then redis.call('PEXPIRE', key, CLOCK_LIFE_MS) end
end

local function tick(clock)
  clock.prev = clock.clk
  clock.clk = math.max(clock.clk + 1, now_us)
  save(clock)
end

-- Tells every instance what changed. `prev` lets it notice a message that it missed.
--   k <key>  the content of a key;  t <tag>;  f  the whole space;  a  the whole partition
--   w <key>  nothing changed, but whoever waits for the key should look again
local function publish(clock, kind, space, name)
  redis.call('SPUBLISH', clock.key,
    table.concat({ digits(clock.prev), digits(clock.clk), kind, space, name }, ' '))
end

-- A server that came back, or was promoted, may hold older state than callers have seen: nothing
-- older than the restart is served before the configured mark is set. 0 keep, 1 soft, 2 flush.
local function after_restart(clock, seed, on_restart)
  clock.saved = false
  if on_restart == 2 then
    clock.epoch, clock.soft, clock.hard = seed, 0, 0
    redis.call('UNLINK', clock.key)
  end
  tick(clock)
  if on_restart == 0 then return end
  if on_restart == 1 then
    clock.soft = clock.clk
    redis.call('ZADD', clock.key, digits(clock.clk), 'soft')
  end
  publish(clock, 'a', '', '')
end

-- The clock and the marks of one space. `seed` becomes the epoch where there is no clock yet: no
-- entry carries it, so whatever outlived a lost clock is a miss.
local function read_clock(key, space, seed, on_restart)
  local score = redis.call('ZMSCORE', key, 'clk', 'epoch', 'run', 'soft', 's:' .. space, 'h:' .. space)
  local clock = {
    key = key,
    clk = tonumber(score[1] or 0),
    epoch = tonumber(score[2] or seed),
    soft = math.max(tonumber(score[4] or 0), tonumber(score[5] or 0)),
    hard = tonumber(score[6] or 0),
    saved = score[1] ~= false,
  }
  if clock.saved and tonumber(score[3]) ~= server_run then after_restart(clock, seed, on_restart) end
  return clock
end

-- Soft and hard mark that count for something of this space with these tags.
local function marks_of(clock, space, tags)
  local soft, hard = clock.soft, clock.hard
  if #tags == 0 then return soft, hard end
  local members = {}
  for i, tag in ipairs(tags) do
    members[i * 2 - 1], members[i * 2] = 't:' .. space .. ':' .. tag, 'T:' .. space .. ':' .. tag
  end
  local score = redis.call('ZMSCORE', clock.key, unpack(members))
  for i = 1, #tags do
    soft = math.max(soft, tonumber(score[i * 2 - 1] or 0))
    hard = math.max(hard, tonumber(score[i * 2] or 0))
  end
  return soft, hard
end

-- Each mark removes up to four that no entry can be old enough for, so that they never pile up.
-- Scores below 1e15 are the epoch and the run.
local function set_mark(clock, member)
  tick(clock)
  redis.call('ZADD', clock.key, digits(clock.clk), member)
  local old = redis.call('ZRANGEBYSCORE', clock.key, '1e15', digits(now_us - MARK_LIFE_US), 'LIMIT', 0, 4)
  if #old > 0 then redis.call('ZREM', clock.key, unpack(old)) end
end
