-- The idempotency record of a request: "<fingerprint> <result>".

-- The result, or nil; and whether the key belongs to another request.
local function recall(key, fingerprint)
  local record = key and redis.call('GET', key)
  if not record then return nil, false end
  local known, result = string.match(record, '^(%S+) (.*)$')
  if known ~= fingerprint then return nil, true end
  return result, false
end

local function remember(key, fingerprint, result, ttl_ms)
  if key then redis.call('SET', key, fingerprint .. ' ' .. result, 'PX', ttl_ms) end
end
