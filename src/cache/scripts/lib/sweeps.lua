-- Sweeps for dead entries: names by when they may be claimed, in ms. A claim moves that ahead, so the
-- sweep of an instance that dies is due again.

-- No entry lives longer.
local SWEEPS_LIFE_MS = 61 * 86400 * 1000

-- Of the server alone: tests that move the clock of entries do not make claims end.
local function server_ms() return math.floor(server_us / 1000) end

-- PEXPIRE comes first: a full Redis lets a script write only after a command that takes no memory.
local function save(sweeps, name, at_ms)
  local lives = redis.call('PEXPIRE', sweeps, SWEEPS_LIFE_MS)
  redis.call('ZADD', sweeps, at_ms, name)
  if lives == 0 then redis.call('PEXPIRE', sweeps, SWEEPS_LIFE_MS) end
end
