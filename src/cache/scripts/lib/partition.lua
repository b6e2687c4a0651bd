-- The clock of a partition, as a script finds it.

-- @use messages.lua
-- @use marks.lua

-- A server that restarted, or was promoted, may hold older state than callers have seen: nothing older
-- than the restart is served before the configured mark is set.
--   on_restart  keep, soft or flush; a space; and the epoch of a new clock
local function after_restart(clock, on_restart)
  local mode, epoch = string.match(on_restart, '^(%l+) (%d+)$')
  clock.saved = false
  if mode == 'flush' then
    clock.epoch = tonumber(epoch)
    redis.call('UNLINK', clock.key)
  end
  if mode == 'soft' then set_soft_mark(clock, 'soft') else tick(clock) end
  if mode ~= 'keep' then publish(clock, 'a', '', '') end
end

-- The clock and the marks of one space. A new clock gets a new epoch, which no entry carries: an entry
-- that outlived a lost clock is a miss.
local function read_clock(key, space, on_restart)
  local score = redis.call('ZMSCORE', key, 'clk', 'epoch', 'run', 'soft', 's:' .. space, 'h:' .. space,
    'floor:s', 'floor:h', 'life', 'said', 'L:' .. space)
  local clock = {
    key = key,
    clk = tonumber(score[1] or 0),
    epoch = tonumber(score[2] or string.match(on_restart, '%d+')),
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
  after_restart(clock, on_restart)
  return read_clock(key, space, on_restart)
end
