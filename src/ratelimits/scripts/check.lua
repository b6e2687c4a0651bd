--[[
ratelimits.check: evaluate every limit, then consume from all of them or from none.

KEYS state[]      string  one per limit; behind them the memo, where an idempotency key was sent
ARGV mode         all|each  all: one denial denies everything; each: every limit for itself
ARGV peek         0 or 1  1: nothing is consumed
ARGV fingerprint  string  of the request, '' without an idempotency key
ARGV memo_ttl_ms  int     how long the memo is kept
ARGV limit[].kind  g|w|s  g: GCRA, lib/tat.lua; w: fixed window, lib/window.lua; s: sliding window, lib/sliding.lua
ARGV limit[].cost  int    1 or more
ARGV limit[].a     int    see the libraries
ARGV limit[].b     int
ARGV limit[].c     int

RETURN outcome taken_us then allowed remaining reset_us retry_us of each limit
  0  denied: with mode all nothing was consumed
  1  allowed
  2  allowed and consumed before, by a request with the same key; times are as of now
  3  the idempotency key belongs to another request; nothing follows
  retry_us is 0 for what is allowed and -1 for what can never be

COST O(limits)
MEMORY grows
]]
-- @use lib/tat.lua
-- @use lib/window.lua
-- @use lib/sliding.lua
local mode, peek, fingerprint, memo_ttl_ms = ARGV[1], ARGV[2] == '1', ARGV[3], tonumber(ARGV[4])
local first, fields = 5, 5
local algorithms = { g = gcra, w = window, s = sliding }
local count = (#ARGV - first + 1) / fields
local memo_key = KEYS[count + 1]
local taken_us = now_us

-- A repeat consumes nothing of what its first attempt was granted: one flag per limit.
local granted, replayed = '', false
local memo = memo_key and redis.call('GET', memo_key)
if memo then
  local known, flags, at = string.match(memo, '^(%S+) (%d+) (%d+)$')
  if known ~= fingerprint then return { 3, 0 } end
  granted, replayed, taken_us = flags, true, tonumber(at)
end

local limits, all_allowed = {}, true
for i = 1, count do
  local at = first + (i - 1) * fields
  local algorithm = algorithms[ARGV[at]]
  local limit = algorithm.evaluate(KEYS[i], tonumber(ARGV[at + 1]), tonumber(ARGV[at + 2]),
    tonumber(ARGV[at + 3]), tonumber(ARGV[at + 4]))
  limit.algorithm = algorithm
  limit.before = string.sub(granted, i, i) == '1'
  if limit.before then limit.allowed, limit.retry_us = true, 0 end
  if not limit.allowed then all_allowed = false end
  limits[i] = limit
end

local reply, flags, consumed = { 0, taken_us }, {}, false
for i, limit in ipairs(limits) do
  local take = limit.allowed and not limit.before and (all_allowed or mode == 'each') and not peek
  if take then
    limit.algorithm.write(limit)
    consumed = true
  end
  flags[i] = (take or limit.before) and '1' or '0'
  local remaining, reset_us = limit.algorithm.describe(limit)
  local at = #reply
  reply[at + 1], reply[at + 2] = limit.allowed and 1 or 0, remaining
  reply[at + 3], reply[at + 4] = reset_us, limit.allowed and 0 or limit.retry_us
end
if memo_key and consumed then
  redis.call('SET', memo_key, table.concat({ fingerprint, table.concat(flags), string.format('%.0f', taken_us) }, ' '),
    'PX', memo_ttl_ms)
end
if all_allowed then reply[1] = replayed and not consumed and 2 or 1 end
return reply
