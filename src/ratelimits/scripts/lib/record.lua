-- What a request with an idempotency key did: "<fingerprint> <what>".

-- What it did, or nothing; and whether the key belongs to another request.
local function recall(key, fingerprint)
  local record = key and redis.call('GET', key)
  if not record then return nil, false end
  local known, what = string.match(record, '^(%S+) (.*)$')
  if known ~= fingerprint then return nil, true end
  return what, false
end

local function remember(key, fingerprint, what, ttl_ms)
  if key then redis.call('SET', key, fingerprint .. ' ' .. what, 'PX', ttl_ms) end
end
