-- The marks of the readers of a stream; their keys share its tag:
--
--   readers  hash  reader -> id of the newest entry that it saw
--   marked   zset  reader -> when its mark was last set, in ms; each is later than those before

-- @use place.lua

-- @param seen id, or false for a reader without a mark
-- @return entries after it that are there, with those among them that were deleted; all where another
--   history replaced that of the id
local function unread_after(stream, seen)
  local ms, n = parse_id(seen or '0-0')
  local _, gone_n = parse_id(gone_of(stream))
  if missed_after(stream, ms, n) == -1 then n = 0 end
  return stream.n - math.max(n, gone_n)
end
