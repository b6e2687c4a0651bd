-- The last delivery of an entry that is not settled:
--
--   deliveries, failures
--   nonce     8 random characters; nil when it is ready again, after a nack or a release
--   began_us  when it began
--   error     of the last nack

local function read_delivery(group, id)
  local packed = redis.call('HGET', group.pending, id)
  if not packed then return nil end
  local d = {}
  d.deliveries, d.failures, d.nonce, d.began_us, d.error = cmsgpack.unpack(packed)
  return d
end

-- @param score see group.lua
local function write_delivery(group, id, d, score)
  redis.call('ZADD', group.leased, string.format('%.0f', score), id)
  redis.call('HSET', group.pending, id, cmsgpack.pack(d.deliveries, d.failures, d.nonce, d.began_us, d.error))
end

local function forget_delivery(group, id)
  redis.call('ZREM', group.leased, id)
  redis.call('HDEL', group.pending, id)
end
