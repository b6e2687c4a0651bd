-- Where the messages of a state are. A message whose delay or visibility has ended counts as ready also
-- before a receive makes it so.

-- @use ends.lua

-- @return parts, each with the scores that count: above `after`, up to `upto`
local function places_of(queue, state)
  local now = string.format('%.0f', now_us)
  if state == 'ready' then
    return { { part = 'delayed', upto = now }, { part = 'leased', upto = now }, { part = 'ready' } }
  end
  if state == 'blocked' then return { { part = 'behind' } } end
  return { { part = state, after = state == 'dead' and dead_cut(queue) or now } }
end

local function up_to(queue, part, score)
  return redis.call('ZCOUNT', queue[part], '-inf', score)
end

-- @return the first rank of a place and the last one
local function ranks_of(queue, place)
  return place.after and up_to(queue, place.part, place.after) or 0, up_to(queue, place.part, place.upto or '+inf') - 1
end

local function count_of(queue, state)
  local count = 0
  for _, place in ipairs(places_of(queue, state)) do
    local from, to = ranks_of(queue, place)
    count = count + to - from + 1
  end
  return count
end

-- The rank after a member that was read before. Where it is gone, others of its score may come again.
local function rank_after(queue, part, score, member)
  local key = queue[part]
  if part == 'behind' then return redis.call('ZLEXCOUNT', key, '-', '[' .. member) end
  if redis.call('ZSCORE', key, member) == score then return redis.call('ZRANK', key, member) + 1 end
  return up_to(queue, part, '(' .. score)
end

local function id_of(part, member)
  return part == 'behind' and string.format('%.0f', tonumber(string.sub(member, -16))) or member
end
