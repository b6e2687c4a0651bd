--[[
locks.list: names that are held or queued, in the order of their bytes, from the index.

KEYS index        zset    names of the bucket that are held or queued
ARGV prefix       string  names begin with it, '' for all
ARGV after        string  names behind this one, '' from the start
ARGV limit        int     how many

RETURN per name: name, kind, holder_count, queue_length

COST O(log n + limit)
]]
local index, prefix, after, limit = KEYS[1], ARGV[1], ARGV[2], tonumber(ARGV[3])
local from = after ~= '' and '(' .. after or '[' .. prefix
local tag = string.match(index, '^ls:{[^}]*}:')
local reply = {}
for _, name in ipairs(redis.call('ZRANGEBYLEX', index, from, '[' .. prefix .. '\255', 'LIMIT', 0, limit)) do
  local state = redis.call('HMGET', tag .. 'lock:' .. name, 'kind', 'count', 'queued', 'joined')
  reply[#reply + 1] = name
  reply[#reply + 1] = state[1] or 'lock'
  reply[#reply + 1] = tonumber(state[2] or 0) - tonumber(state[4] or 0)
  -- Not those whose time is over, see lib/queue.lua.
  local waits = tonumber(state[3] or 0)
  reply[#reply + 1] = waits > 0 and waits - redis.call('ZCOUNT', tag .. 'waits:' .. name, '-inf', now_us) or 0
end
return reply
