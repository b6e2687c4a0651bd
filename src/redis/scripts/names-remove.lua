--[[
names.remove: unlist a thing that no longer exists, unless a process may have written to it lately.

KEYS names          zset    names of things of one kind, all with score 0
KEYS seen           zset    the same, by when in ms a process last wrote to them
ARGV name           string
ARGV unseen_ms      int     how long no process may have listed it

RETURN removed

COST O(log names)
]]
local names, seen, name, unseen_ms = KEYS[1], KEYS[2], ARGV[1], tonumber(ARGV[2])

local since_ms = tonumber(redis.call('ZSCORE', seen, name) or 0)
if since_ms + unseen_ms > math.floor(now_us / 1000) then return { 0 } end
redis.call('ZREM', seen, name)
return { redis.call('ZREM', names, name) }
