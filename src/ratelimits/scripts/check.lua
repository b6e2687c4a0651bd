--[[
ratelimits.check: evaluate every limit, then consume from all of them or from none (mode all).

KEYS key[]        string|list  state and exception of each limit, then the idempotency record if there is one
ARGV mode         all|each  all: one denial denies everything; each: every limit decides alone
ARGV take         exact|up-to  up-to: as much of the cost as is left; 0 is a denial
ARGV peek         0 or 1  1: nothing is consumed
ARGV fingerprint  string  of the request, '' without an idempotency key
ARGV record_ttl_ms  int     how long the idempotency record is kept
ARGV limit[].kind  string  lib/limit.lua
ARGV limit[].shadow  0 or 1  1: does not affect the verdict
ARGV limit[].cost  int    1 or more
ARGV limit[].a     int    a, b, c: parameters of the algorithm, see its library
ARGV limit[].b     int or text
ARGV limit[].c     int

RETURN outcome taken_us then allowed remaining reset_us retry_us granted override blocked delay_us of each limit
  0  denied: in mode all nothing was consumed
  1  allowed
  2  replayed: consumed before, by a request with the same key; times are as of now
  3  conflict: the idempotency key belongs to another request; nothing follows
  4  stale-window: the calendar windows do not contain taken_us: call again; nothing follows
  5  full: Redis is full; denials hold, and nothing was consumed from the limits that allow
  retry_us is 0 for an allowed cost and -1 for one that can never be allowed; override is the limit of
  the override of this subject, or 0

COST O(limits); a sliding log adds O(log limit), and the entries that left it since its last write
]]
-- @use lib/grants.lua
-- @use lib/limit.lua
local mode, up_to, peek = ARGV[1], ARGV[2] == 'up-to', ARGV[3] == '1'
local fingerprint, record_ttl_ms = ARGV[4], tonumber(ARGV[5])
local first, fields = 6, 6
local count = (#ARGV - first + 1) / fields
local record_key = KEYS[2 * count + 1]

-- A repeat does not consume again what its first attempt was granted.
local record, foreign = recall_grants(record_key, fingerprint)
if foreign then return { 3, 0 } end
local taken_us = record and record.taken_us or now_us

local limits, all_allowed, least = {}, true, math.huge
for i = 1, count do
  local at = first + (i - 1) * fields
  local cost = tonumber(ARGV[at + 2])
  local limit = evaluate_limit(KEYS[2 * i - 1], KEYS[2 * i], ARGV[at], up_to and 1 or cost,
    tonumber(ARGV[at + 3]), tonumber(ARGV[at + 4]) or ARGV[at + 4], tonumber(ARGV[at + 5]))
  if not limit then return { 4, now_us } end
  if up_to then
    limit.cost = limit.unlimited and cost
      or math.min(cost, limit.largest, (limit.algorithm.describe(limit)))
  end
  limit.granted, limit.enforced = 0, ARGV[at + 1] == '0'
  local before = record and record[i]
  if before and before.cost > 0 then
    limit.allowed, limit.granted = true, before.cost
    limit.delay_us = math.max(0, before.start_us - now_us)
  end
  if limit.enforced then
    all_allowed = all_allowed and limit.allowed
    least = math.min(least, limit.cost)
  end
  limits[i] = limit
end

local reply, consumed, is_full = { 0, taken_us }, false, false
for _, limit in ipairs(limits) do
  local free = mode == 'each' or (all_allowed and not record)
  if limit.allowed and limit.granted == 0 and free and not peek and not is_full then
    if mode == 'all' and up_to then limit.cost = math.min(limit.cost, least) end
    if consume(limit) then limit.granted, consumed = limit.cost, true
    else is_full = true end
  end
  limit.delay_us = limit.allowed and limit.delay_us or 0
  append_limit(reply, limit, limit.granted, limit.delay_us)
end
if consumed and record_key then remember_grants(record_key, fingerprint, taken_us, limits, record_ttl_ms) end
if is_full then reply[1] = 5
elseif all_allowed then reply[1] = record and not consumed and 2 or 1 end
return reply
