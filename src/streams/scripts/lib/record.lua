-- The idempotency record of a request: its fingerprint, and the packed reply to the first one.

-- @return the reply to an earlier request, or `conflict` if that was another one
local function replay_of(key, fingerprint, conflict)
  local stored = key and redis.call('GET', key)
  if not stored then return nil end
  local size = #fingerprint
  if string.sub(stored, 1, size) ~= fingerprint then return conflict end
  local first = cmsgpack.unpack(string.sub(stored, size + 1))
  first[3] = 1
  return first
end

local function record_reply(key, fingerprint, reply, ttl_ms)
  if key then redis.call('SET', key, fingerprint .. cmsgpack.pack(reply), 'PX', ttl_ms) end
end
