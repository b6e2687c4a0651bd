--[[
queues.remove: delete all messages of a queue. Later ids are larger, and dedup ids from before do not
count.

KEYS stat           hash    of the queue, see lib/queue.lua
ARGV settings       string  see lib/queue.lua

RETURN existed

COST O(1); the messages are freed in another thread
]]
-- @use lib/queue.lua
local queue = open(KEYS[1], ARGV[1])

local id, sent = unpack(redis.call('HMGET', queue.stat, 'id', 'sent'))
if not id then return { 0 } end
local keys = {}
for at, part in ipairs(PARTS) do keys[at] = queue[part] end
redis.call('UNLINK', unpack(keys))
redis.call('HSET', queue.stat, 'id', id, 'floor', id)
redis.call('PEXPIRE', queue.stat, queue.keep_ms)
return { sent and 1 or 0 }
