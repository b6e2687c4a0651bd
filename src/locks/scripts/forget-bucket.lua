--[[
locks.forget-bucket: remove a bucket without deadlines from the list that the walk visits.

KEYS buckets      zset    when the walk has to look at each bucket (ms)
ARGV member       string  namespace and tag of the bucket
ARGV score        int     as the walk read it: a bucket that was registered since stays

RETURN outcome
  1 forgotten
  0 kept

COST O(log n)
]]
local buckets, member, score = KEYS[1], ARGV[1], tonumber(ARGV[2])
if tonumber(redis.call('ZSCORE', buckets, member) or -1) ~= score then return { 0 } end
return { redis.call('ZREM', buckets, member) }
