--[[
ratelimits.reset: forget what one subject consumed. Blocks and overrides stay.

KEYS state    string  of the limit
ARGV channel  string  who remembers denials listens here
ARGV message  string  namespace, policy and subject

RETURN outcome
  1  forgotten
  0  unchanged: nothing was consumed

COST O(1)
]]
local channel, message = ARGV[1], ARGV[2]
local changed = redis.call('UNLINK', KEYS[1])
if changed == 1 then redis.call('PUBLISH', channel, message) end
return { changed }
