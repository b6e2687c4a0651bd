--[[
locks.list: read the names that are held or queued, in the order of their bytes, from the index.

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
local to = '[' .. prefix .. '\255'
for _, name in ipairs(redis.call('ZRANGEBYLEX', index, from, to, 'LIMIT', 0, limit)) do
  local kind, count, queued, joined = unpack(
    redis.call('HMGET', tag .. 'lock:' .. name, 'kind', 'count', 'queued', 'joined'))
  local waiters = tonumber(queued or 0)
  -- Without those whose time is over, see lib/queue.lua.
  if waiters > 0 then
    waiters = waiters - redis.call('ZCOUNT', tag .. 'waits:' .. name, '-inf', now_us)
  end
  reply[#reply + 1] = name
  reply[#reply + 1] = kind or 'lock'
  reply[#reply + 1] = tonumber(count or 0) - tonumber(joined or 0)
  reply[#reply + 1] = waiters
end
return reply
