-- The state of an entry, by the marks of its partition, and how a reply describes it.

-- @use entry.lua
-- @use marks.lua

-- The state of an entry: 0 miss, 1 fresh, 2 stale, 3 negative; and the ends of its freshness and of its
-- service, after the marks and failed loads. With has_failed the error window is open for this caller.
local function judge(e, clock, space, idle_ms, has_failed)
  if not e then return 0 end
  -- Nothing is newer than what the origin has yet to get: no mark and no end counts. Its times begin when
  -- it is delivered.
  if e.pending then
    e.dead = false
    local later = now_us - e.created
    return e.negative and 3 or 1, e.logical + later, e.stale + later
  end
  if e.epoch ~= clock.epoch then return 0 end
  -- Another version in the hash of values means that one of the two was lost.
  if e.values and redis.call('HGET', e.values, '') ~= digits(e.version) then return 0 end
  local since, hard = marks_of(clock, space, split_tags(e.tags), e.fence)
  if e.fence < hard then return 0 end -- @place hard-marks
  e.dead = false
  if idle_ms > 0 and e.touched + idle_ms * 1000 <= now_us then return 0 end

  local moved = math.max(0, e.logical - since) -- @place soft-marks
  local logical, stale, error_end = e.logical - moved, e.stale - moved, e.error - moved
  if has_failed or (e.opens > 0 and e.opens <= now_us) then stale = math.max(stale, error_end) end
  if now_us < logical then return e.negative and 3 or 1, logical, stale end
  if now_us < stale then return 2, logical, stale end
  return 0
end

-- Frees the memory of a dead entry, which is never served again. Call it last: after the first command
-- that frees memory a full Redis lets a script write anything.
local function drop_dead(e)
  if not e or not e.dead then return false end
  redis.call('UNLINK', e.key, e.values or e.key)
  return true
end

-- An entry in a reply, as two strings, because each element of a reply costs the service more than its
-- bytes. A miss is its state alone.
--   state, length of the other string, time, logical end, end of service
--   the entry as it is stored, without a payload above max_bytes, which Lua would copy
local VERDICT = '>BIddd'
local MISS = string.char(0)
local function describe(state, e, logical, stale, max_bytes)
  if state == 0 then return MISS, '' end
  local stored = e.head
  if e.kind ~= BYTES or e.size > max_bytes then stored = string.sub(stored, 1, e.texts)
  elseif e.texts + e.size > #stored then stored = redis.call('GET', e.key) end
  return struct.pack(VERDICT, state, #stored, now_us, logical, stale), stored
end
