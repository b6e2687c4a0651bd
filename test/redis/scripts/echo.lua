--[[
test.echo: does what its argument says, to test batch.lua around it.

KEYS subject  string  any key
ARGV verb     string  count, fail, error, nothing, now, big, write, args
ARGV word[]   string  depends on the verb

RETURN depends on the verb

COST O(1)
]]
local subject, verb = KEYS[1], ARGV[1]

if verb == 'count' then return { redis.call('INCR', subject) } end
if verb == 'fail' then error('on purpose') end
if verb == 'error' then return redis.error_reply('ON PURPOSE') end
if verb == 'call' then return { redis.call('HGET', subject, 'x') } end
if verb == 'nothing' then return nil end
if verb == 'now' then return { string.format('%.0f', now_us) } end
if verb == 'big' then return { string.rep('x', tonumber(ARGV[2])), redis.call('INCR', subject) } end
return { #KEYS, #ARGV, unpack(ARGV, 2) }
