--[[
ratelimits.enlist: add a subject to the list of a policy's exceptions, or remove it. The list serves the
API and the removal of the policy; the exceptions themselves are in the slots of their subjects.

KEYS names  zset    subjects, all with score 0: ordered by their bytes
KEYS ends   zset    subjects whose exception has an end, scored by it, in us
ARGV name   string  of the subject
ARGV for_ms int     time until the exception ends; 0: it has no end; -1: remove it
ARGV sweep  int     ended subjects that this call removes at most

RETURN listed
  number of subjects

COST O(log names) for each subject removed, and for this one
]]
local names, ends, name, for_ms, sweep = KEYS[1], KEYS[2], ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3])

-- First, so that a full Redis refuses the call before anything is written.
if for_ms >= 0 then redis.call('ZADD', names, 0, name) end
if for_ms > 0 then redis.call('ZADD', ends, string.format('%.0f', now_us + for_ms * 1000), name)
else redis.call('ZREM', ends, name) end
if for_ms < 0 then redis.call('ZREM', names, name) end

for _, over in ipairs(redis.call('ZRANGEBYSCORE', ends, '-inf', now_us, 'LIMIT', 0, sweep)) do
  redis.call('ZREM', names, over)
  redis.call('ZREM', ends, over)
end

-- An exception without an end is configuration: the list stays until it is deleted.
local listed, last = redis.call('ZCARD', names), redis.call('ZRANGE', ends, -1, -1, 'WITHSCORES')
local ms = #last > 0 and math.max(1, math.ceil((tonumber(last[2]) - now_us) / 1000))
if listed > redis.call('ZCARD', ends) then redis.call('PERSIST', names)
elseif ms then redis.call('PEXPIRE', names, ms) end
if ms then redis.call('PEXPIRE', ends, ms) end
return { listed }
