-- At least the clock, so that no version repeats after the hash was lost: a process that still has
-- version 7 must not take another document for it.
local function next_revision(documents)
  local last = tonumber(redis.call('HGET', documents, ':revision') or 0)
  return string.format('%.0f', math.max(last + 1, now_us))
end
