--[[
queues.keep: keep a queue as long as other settings say.

KEYS stat           hash    of the queue, see lib/queue.lua
ARGV settings       string  see lib/queue.lua

RETURN nothing

COST O(1)
]]
-- @use lib/queue.lua
keep(open(KEYS[1], ARGV[1]))
return {}
