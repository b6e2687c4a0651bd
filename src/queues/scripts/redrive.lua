--[[
queues.redrive: make dead letters ready again, without failures, while the queue has room.

KEYS stat           hash    of the queue, see lib/queue.lua
ARGV settings       string  see lib/queue.lua
ARGV count          int     the oldest ones, without ids
ARGV ids[]          int     these

RETURN full expired id[]
  full     1: there is no room for another one
  expired  dead letters that it found over
  id       of each that was redriven

COST O((16 + messages) x log(queue))
]]
-- @use lib/ends.lua
local queue, most, ids = open(KEYS[1], ARGV[1]), tonumber(ARGV[2]), { unpack(ARGV, 3) }

local function redrive(id)
  local m = read_message(queue, id)
  m.failures, m.first_failed_ms, m.last_failed_ms, m.wait_ms = 0, nil, nil, nil
  replace_error(queue, m, '')
  if return_to_group(queue, id, m) then
    note_ready(m)
    add_ready(queue, id, m)
  end
  write_message(queue, id, m)
end

expire_dead(queue, 16)
if most > 0 then
  ids = redis.call('ZRANGEBYSCORE', queue.dead, '(' .. dead_cut(queue), '+inf', 'LIMIT', 0, most)
end
local room = queue.capacity - redis.call('HLEN', queue.msg) + redis.call('ZCARD', queue.dead)
local reply = { 0, (met(queue)) }
for _, id in ipairs(ids) do
  local died = tonumber(redis.call('ZSCORE', queue.dead, id))
  if died and died > tonumber(dead_cut(queue)) then
    if #reply - 1 > room then
      reply[1] = 1
      break
    end
    redis.call('ZREM', queue.dead, id)
    redrive(id)
    reply[#reply + 1] = tonumber(id)
  end
end
save(queue)
return reply
