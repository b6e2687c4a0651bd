--[[
ratelimits.enlist: note that something holds for one subject of a policy, or no more, so that it can
be listed, and removed with the policy. What it is stands in the slot of the subject.

KEYS names  zset    subjects, all of score 0: in the order of their bytes
KEYS ends   zset    those of them whose exception ends, by when it does, in us
ARGV name   string  of the subject
ARGV for_ms int     how long it holds: 0 without an end, -1 no more
ARGV sweep  int     so many that have ended are forgotten by the way

RETURN listed
  how many there are

COST O(log names) for each that is forgotten, and for this one
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

-- What has no end is configuration: it is kept until it is taken back.
local listed, last = redis.call('ZCARD', names), redis.call('ZRANGE', ends, -1, -1, 'WITHSCORES')
local ms = #last > 0 and math.max(1, math.ceil((tonumber(last[2]) - now_us) / 1000))
if listed > redis.call('ZCARD', ends) then redis.call('PERSIST', names)
elseif ms then redis.call('PEXPIRE', names, ms) end
if ms then redis.call('PEXPIRE', ends, ms) end
return { listed }
