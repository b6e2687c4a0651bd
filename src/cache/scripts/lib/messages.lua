-- Messages about changes, on a channel that is named as the clock is. Each carries the clk of the message
-- before it and its own, so the next message shows that one was missed.

-- @use clock.lua

local function send(clock, before, kind, space, name)
  redis.call('SPUBLISH', clock.key, table.concat({ digits(before), digits(clock.clk), kind, space, name }, ' '))
end

-- Announces a change to every instance; save_said notes the last message of a call.
--   k <key>  the content of a key;  t <tag>;  f  the whole space;  a  the whole partition
local function announce(clock, kind, space, name)
  send(clock, clock.said, kind, space, name)
  clock.said = clock.clk
end

local function save_said(clock)
  if clock.saved then redis.call('ZADD', clock.key, digits(clock.said), 'said') end
end

local function publish(clock, kind, space, name)
  announce(clock, kind, space, name)
  save_said(clock)
end

-- Nothing changed, but the requests that wait for the key should read again.
local function wake(clock, space, name) send(clock, clock.clk, 'w', space, name) end

-- A key changed. A message is needed only while an instance may keep a value of the space, which is for
-- `life` after its last read, or requests wait for the key, which then has a lease. The first change
-- after a clock was lost is announced as well: the notes of who keeps what were lost with it.
local function publish_key(clock, space, name, is_awaited)
  if is_awaited or clock.said == 0 or now_us <= clock.kept * 1000 + clock.life then
    publish(clock, 'k', space, name)
  end
end

-- Notes, a minute ahead, that an instance keeps values of the space, so most reads write nothing.
-- PEXPIRE comes first, as in save. False where Redis takes no writes: then nothing may be kept.
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
