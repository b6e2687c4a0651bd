-- Callers invent spaces and tags, so the marks of a partition are bounded: the oldest are folded into one
-- floor per kind (s h of spaces, t T of tags). A floor counts for everything that began before it, which
-- is stale since it began, or a miss. That loads too much, and never serves too much.

-- @use clock.lua

-- Marks that one name may add: itself, and the spans of earlier ones.
local PER_NAME = 9
-- Members that may be as old and are not folded: the floors, the last message, the marks of restarts.
local LASTING = 5 + PER_NAME

local function fold_marks(clock, most, names)
  local over = math.min(redis.call('ZCARD', clock.key) - most, 2 * PER_NAME * names)
  -- Saves work: nothing is folded then.
  if over <= 0 then return 0 end
  local floors, folded = {}, {}
  -- See set_mark in marks.lua.
  local oldest = redis.call('ZRANGEBYSCORE', clock.key, '1e15', '(' .. digits(clock.clk - names),
    'WITHSCORES', 'LIMIT', 0, over + LASTING)
  for i = 1, #oldest, 2 do
    local kind = string.match(string.gsub(oldest[i], '^%d[<>]', ''), '^([shtT]):')
    if kind and #folded < over then
      floors[kind] = oldest[i + 1]
      folded[#folded + 1] = oldest[i]
    end
  end
  for kind, score in pairs(floors) do redis.call('ZADD', clock.key, 'GT', score, 'floor:' .. kind) end
  if #folded > 0 then redis.call('ZREM', clock.key, unpack(folded)) end
  return #folded
end
