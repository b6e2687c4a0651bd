-- The idempotency record of a request: fingerprint, outcome, version and results, separated by spaces.
-- The script that applies the request writes it; without an idempotency key there is no record.

-- The reply to a repeat: outcome, version, 1 and the results; or the outcome `conflict`, where another
-- request used the key; nil for the first request.
local function read_record(key, fingerprint, conflict)
  local record = key and redis.call('GET', key)
  if not record then return nil end
  local known, outcome, version, results = string.match(record, '^(%S+) (%d) (%d+)(.*)$')
  if known ~= fingerprint then return { conflict, 0, 0 } end
  local reply = { tonumber(outcome), tonumber(version), 1 }
  for result in string.gmatch(results, '%S+') do reply[#reply + 1] = result end
  return reply
end

local function write_record(key, ttl_ms, ...)
  if key then redis.call('SET', key, table.concat({ ... }, ' '), 'PX', ttl_ms) end
end
