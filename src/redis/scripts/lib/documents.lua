-- The clock keeps versions from coming back after the hash was lost: a process that still knows
-- version 7 must not take another document for it.
local function next_revision(documents)
  local last = tonumber(redis.call('HGET', documents, ':revision') or 0)
  return string.format('%.0f', math.max(last + 1, now_us))
end
