--[[
queues.discard: delete dead letters.

KEYS stat           hash    of the queue, see lib/queue.lua
ARGV settings       string  see lib/queue.lua
ARGV ids[]          int

RETURN id[]
  id      of each that was deleted

COST O(messages x log(queue))
]]
-- @use lib/ends.lua
local queue = open(KEYS[1], ARGV[1])

local reply = {}
for at = 2, #ARGV do
  local id = ARGV[at]
  if redis.call('ZREM', queue.dead, id) == 1 then
    discard(queue, id)
    reply[#reply + 1] = tonumber(id)
  end
end
save(queue)
return reply
