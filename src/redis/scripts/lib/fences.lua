-- The fences that came with changes of one thing (If-Fence), so that a late holder of a lock changes it no
-- more: a ZSET of the names of locks by the highest fence of each. '' has the highest fence of the names
-- that were forgotten because there were too many; a name that is not there has to reach it.

local MOST_FENCES = 8
local FENCES_LIFE_MS = 7 * 86400000

-- Notes the fence of a change, also of one that is refused for another reason.
-- @param fence "<fence> <name>"; '' for a change without one
-- @return the fence that outdates it, or nil
local function outdated_by(key, fence)
  if fence == '' then return nil end
  local given, name = string.match(fence, '^(%d+) (.*)$')
  local known = redis.call('ZMSCORE', key, name, '')
  local highest = tonumber(known[1] or known[2] or 0)
  if tonumber(given) < highest then return highest end
  -- First, because a full Redis lets a script write only after a command that takes no memory.
  redis.call('PEXPIRE', key, FENCES_LIFE_MS)
  redis.call('ZADD', key, given, name)
  if redis.call('ZCARD', key) > MOST_FENCES then
    local lowest = redis.call('ZPOPMIN', key, 2)
    redis.call('ZADD', key, lowest[4], '')
  end
  redis.call('PEXPIRE', key, FENCES_LIFE_MS, 'NX')
end
