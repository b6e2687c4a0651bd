-- What a check granted, as its idempotency record stores it:
-- "<taken us> <cost>:<start us>,<cost>:<start us> ...", one pair per limit.
-- @use record.lua

-- What the first attempt was granted, or nil; and whether the key belongs to another request.
local function recall_grants(key, fingerprint)
  local record, foreign = recall(key, fingerprint)
  if not record then return nil, foreign end
  local taken_us, text = string.match(record, '^(%d+) (.*)$')
  local grants = { taken_us = tonumber(taken_us) }
  for cost, start_us in string.gmatch(text, '(%d+):(%d+)') do
    grants[#grants + 1] = { cost = tonumber(cost), start_us = tonumber(start_us) }
  end
  return grants, false
end

local function remember_grants(key, fingerprint, taken_us, limits, ttl_ms)
  local texts = {}
  for i, limit in ipairs(limits) do
    texts[i] = string.format('%.0f:%.0f', limit.granted, now_us + limit.delay_us)
  end
  local what = string.format('%.0f %s', taken_us, table.concat(texts, ','))
  remember(key, fingerprint, what, ttl_ms)
end
