-- What instances have to look through for dead entries: names by when they may be claimed, in ms. A
-- claim moves that ahead, so the sweep of an instance that dies is due again.

-- Nothing that is to be swept lives longer.
local SWEEPS_LIFE_MS = 61 * 86400 * 1000

-- Of the server alone: who moves the clock of entries claims for no longer by it.
local function server_ms() return math.floor(server_us / 1000) end

-- PEXPIRE comes first: a full Redis lets a script write only after a command that takes no memory.
local function save(sweeps, name, at_ms)
  local lives = redis.call('PEXPIRE', sweeps, SWEEPS_LIFE_MS)
  redis.call('ZADD', sweeps, at_ms, name)
  if lives == 0 then redis.call('PEXPIRE', sweeps, SWEEPS_LIFE_MS) end
end
