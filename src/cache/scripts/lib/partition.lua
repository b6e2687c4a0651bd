-- The clock of a partition, as a script finds it.

-- @use messages.lua
-- @use marks.lua

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
