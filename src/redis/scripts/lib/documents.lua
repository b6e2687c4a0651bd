-- Whether a precondition ('' none, '*' must exist, 'none' must not exist, else a version) fits a
-- version, nil for a document that does not exist.
local function holds(if_match, version)
  if if_match == '' then return true end
  if if_match == 'none' then return version == nil end
  if if_match == '*' then return version ~= nil end
  return version == if_match
end

-- The clock keeps versions from coming back after the hash was lost: a process that still knows
-- version 7 must not take another document for it.
local function next_revision(documents)
  local last = tonumber(redis.call('HGET', documents, ':revision') or 0)
  return string.format('%.0f', math.max(last + 1, now_us))
end
