-- Messages by which instances hear of changes, on a channel that is named as the clock is. Each says
-- the clk of the message before and its own, so that one that was missed is noticed with the next.

-- @use clock.lua

local function send(clock, before, kind, space, name)
  redis.call('SPUBLISH', clock.key, table.concat({ digits(before), digits(clock.clk), kind, space, name }, ' '))
end

-- Tells every instance what changed; the last message of a call is noted by save_said.
--   k <key>  the content of a key;  t <tag>;  f  the whole space;  a  the whole partition
local function tell(clock, kind, space, name)
  send(clock, clock.said, kind, space, name)
  clock.said = clock.clk
end

local function save_said(clock)
  if clock.saved then redis.call('ZADD', clock.key, digits(clock.said), 'said') end
end

local function publish(clock, kind, space, name)
  tell(clock, kind, space, name)
  save_said(clock)
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
  -- Saves work: a minute of it.
  if now_us < clock.kept * 1000 then return true end
  clock.kept = math.floor(now_us / 1000) + KEEPER_MS
  local lives = redis.pcall('PEXPIRE', clock.key, CLOCK_LIFE_MS)
  if type(lives) == 'table' then return false end
  redis.call('ZADD', clock.key, clock.kept, 'L:' .. space)
  return true
end
