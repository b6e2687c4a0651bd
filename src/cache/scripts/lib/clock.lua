-- The clock of one partition: a sorted set of clk, epoch, run and marks, lost whole or not at all.
--   clk                  the last tick: max(clk + 1, time in us); stamps versions, fences and marks
--   epoch                random; entries and leases of another epoch are void
--   run                  the server process that the clock was last used on
--   life                 us from a fence to the end of what carries it, at most; see outlive
--   said                 the clk of the last message
--   L:<space>            ms; until when an instance may take values of the space into memory
--   soft                 soft mark of the whole partition, set after a restart
--   s:<space>, h:<space> soft and hard mark of a space
--   t:<space>:<tag>      soft mark of a tag; T:<space>:<tag> its hard mark
--   1<... 1>... to 4>... spans of earlier soft marks of the name that follows, see spans_of
--   floor:s, floor:h, floor:t, floor:T  the last folded mark of that kind, see fold.lua: it counts for
--                        everything that began before it

-- Another run than the clock's means a restart or a promotion. INFO costs as much as the rest of a read,
-- so the caller sends the run where it is certain.
if run_id == '' then run_id = string.match(redis.call('INFO', 'server'), 'run_id:(%x+)') end
local server_run = tonumber(string.sub(run_id, 1, 12), 16)

-- An integer as text: for Redis, formatting a number takes longer than the command it is for.
local function digits(number) return string.format('%d', number) end

-- The least life of marks: no lease lasts longer unless it is renewed.
local LEAST_LIFE_US = 3600 * 1000000
-- Longer than any entry, which is fresh for at most 30 days and then stale for 30 days: entries are
-- judged by the clock.
local CLOCK_LIFE_MS = digits(62 * 86400 * 1000)

-- PEXPIRE comes first: after it an invalidation may write to a full Redis.
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

-- For removals: without a clock there is no entry to judge, and none is made.
local function tick_if_saved(clock)
  advance(clock)
  if clock.saved then save(clock) end
end

-- What has this fence may be served, or filled, until `ends`: marks that come meanwhile must last as
-- long.
local function outlive(clock, fence, ends)
  if ends - fence <= clock.life then return end
  clock.life = ends - fence
  redis.call('ZADD', clock.key, digits(clock.life), 'life')
end
