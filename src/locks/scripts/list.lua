--[[
locks.list: read the locks that are held or queued, or such semaphores and those with a stored capacity,
in the order of the bytes of their names.

KEYS index        zset    names of the locks, or of the semaphores, of the bucket
ARGV prefix       string  names begin with it, '' for all
ARGV after        string  names behind this one, '' from the start
ARGV limit        int     how many

RETURN per name: name, holder_count, queue_length, used, capacity; capacity is 0 for a lock

COST O(log n + limit)
]]
local index, prefix, after, limit = KEYS[1], ARGV[1], ARGV[2], tonumber(ARGV[3])
local from = after ~= '' and '(' .. after or '[' .. prefix
local tag = string.match(index, '^ls:{[^}]*}:')
local kind = string.sub(index, #tag + 1) == 'semaphores' and 'semaphore' or 'lock'
local reply = {}

-- A name with a stored capacity may be in use as a lock.
local function read_record(name)
  local v = redis.call('HMGET', tag .. 'lock:' .. name, 'kind', 'count', 'joined', 'queued', 'used', 'capacity')
  return v[1] == kind and v or {}
end

local function capacity_of(name, record)
  if kind == 'lock' then return 0 end
  return tonumber(redis.call('HGET', tag .. 'capacity:' .. name, 'capacity') or record[6] or 0)
end

local to = '[' .. prefix .. '\255'
for _, name in ipairs(redis.call('ZRANGEBYLEX', index, from, to, 'LIMIT', 0, limit)) do
  local record = read_record(name)
  local waiters = tonumber(record[4] or 0)
  -- Without those whose time is over, see lib/queue.lua.
  if waiters > 0 then
    waiters = waiters - redis.call('ZCOUNT', tag .. 'waits:' .. name, '-inf', now_us)
  end
  reply[#reply + 1] = name
  reply[#reply + 1] = tonumber(record[2] or 0) - tonumber(record[3] or 0)
  reply[#reply + 1] = waiters
  reply[#reply + 1] = tonumber(record[5] or 0)
  reply[#reply + 1] = capacity_of(name, record)
end
return reply
