-- Order per group: only the head of a group is ready, delayed or leased. The others are in `behind`, as
-- group, NUL and id of 16 digits, so that the next one is the first of a range.

-- @use message.lua

local function behind_member(group, id)
  return group .. '\0' .. string.format('%016.0f', tonumber(id))
end

-- @return true when the message may be delivered before every other one of its group
local function enter_group(queue, id, m)
  if not m.group or put(queue, 'HSETNX', 'heads', m.group, id) == 1 then return true end -- @place head-of-a-group
  put(queue, 'ZADD', 'behind', 0, behind_member(m.group, id))
end

-- The same for a message that was a dead letter: it takes the place of a younger head that is ready.
local function return_to_group(queue, id, m)
  if enter_group(queue, id, m) then return true end
  local head = redis.call('HGET', queue.heads, m.group)
  if tonumber(head) < tonumber(id) or redis.call('ZREM', queue.ready, head) == 0 then return false end
  redis.call('ZREM', queue.behind, behind_member(m.group, id))
  redis.call('ZADD', queue.behind, 0, behind_member(m.group, head))
  redis.call('HSET', queue.heads, m.group, id)
  return true
end

local function advance_group(queue, group)
  local range = { '[' .. group .. '\0', '(' .. group .. '\1' }
  local next = redis.call('ZRANGEBYLEX', queue.behind, range[1], range[2], 'LIMIT', 0, 1)[1]
  if not next then redis.call('HDEL', queue.heads, group) return end
  local id = string.format('%.0f', tonumber(string.sub(next, -16)))
  redis.call('ZREM', queue.behind, next)
  redis.call('HSET', queue.heads, group, id)
  local m = read_message(queue, id)
  note_ready(m)
  write_message(queue, id, m)
  add_ready(queue, id, m)
end

-- After a message ended: its group moves on.
local function leave_group(queue, id, m)
  if not m.group then return end
  if redis.call('HGET', queue.heads, m.group) == id then return advance_group(queue, m.group) end
  redis.call('ZREM', queue.behind, behind_member(m.group, id))
end
