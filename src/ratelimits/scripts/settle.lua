--[[
ratelimits.settle: replace a reserved cost by the actual one. The difference is given back, or
consumed even above the limit: that is a debt, and every call is denied until it is paid back. A
reservation of 0, which a shadow limit would have denied, costs nothing.

KEYS state        string|list  of the limit
KEYS exception    string  lib/exception.lua
KEYS reservation  string  as ratelimits.reserve writes it
KEYS record?      string  idempotency record: lib/record.lua
ARGV kind         string  kind, a, b and c: as for ratelimits.check
ARGV a            int
ARGV b            int or text
ARGV c            int
ARGV actual       int     actual cost; 0 cancels
ARGV fingerprint  string  of the request, '' without an idempotency key
ARGV record_ttl_ms  int     how long the idempotency record is kept
ARGV channel      string  where instances hear that a denial may no longer hold
ARGV message      string  namespace, policy and subject

RETURN outcome reserved refunded remaining reset_us override at_us
  0  expired: no such reservation: settled before, expired or never made; the rest is 0
  1  settled
  2  replayed: settled before, by a request with the same key; what remains is as of now
  3  conflict: the idempotency key belongs to another request; the rest is 0
  4  stale-window: as for ratelimits.check; reserved is the time in us, the rest is 0

COST as ratelimits.refund
]]
-- @use lib/limit.lua
-- @use lib/record.lua
local kind, a, c = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[4])
local b = tonumber(ARGV[3]) or ARGV[3]
local actual, fingerprint, record_ttl_ms = tonumber(ARGV[5]), ARGV[6], tonumber(ARGV[7])
local channel, message, record_key = ARGV[8], ARGV[9], KEYS[4]

local record, foreign = recall(record_key, fingerprint)
if foreign then return { 3, 0, 0, 0, 0, 0, 0 } end
local reserved, refunded, taken_us, end_us, until_us
if record then
  reserved, refunded = string.match(record, '^(%d+) (%d+)$')
else
  reserved, taken_us, end_us, until_us =
    string.match(redis.call('GET', KEYS[3]) or '', '^(%d+) (%d+) (%d+) (%d+)$')
  if not reserved or tonumber(end_us) <= now_us then return { 0, 0, 0, 0, 0, 0, 0 } end
end
reserved, refunded = tonumber(reserved), tonumber(refunded or 0)

local limit = evaluate_limit(KEYS[1], KEYS[2], kind, 1, a, b, c)
if not limit then return { 4, now_us, 0, 0, 0, 0, 0 } end
if not record then
  redis.call('UNLINK', KEYS[3])
  if actual < reserved then
    -- The surplus and the actual cost were consumed together, so both count until until_us.
    refunded = limit.algorithm.refund(limit, reserved - actual, tonumber(taken_us), tonumber(until_us))
  elseif reserved > 0 and actual > reserved then
    limit.cost = actual - reserved
    limit.algorithm.write(limit)
  end
  remember(record_key, fingerprint, string.format('%.0f %.0f', reserved, refunded), record_ttl_ms)
  redis.call('PUBLISH', channel, message)
end
local remaining, reset_us = limit.algorithm.describe(limit)
return { record and 2 or 1, reserved, refunded, remaining, reset_us, limit.override, now_us }
