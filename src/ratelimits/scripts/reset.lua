--[[
ratelimits.reset: delete the usage of one subject. Blocks and overrides stay.

KEYS state    string  of the limit
ARGV channel  string  where instances hear that a denial may no longer hold
ARGV message  string  namespace, policy and subject

RETURN outcome
  1  forgotten
  0  unchanged: there was no usage

COST O(1)
]]
local channel, message = ARGV[1], ARGV[2]
local changed = redis.call('UNLINK', KEYS[1])
if changed == 1 then redis.call('PUBLISH', channel, message) end
return { changed }
