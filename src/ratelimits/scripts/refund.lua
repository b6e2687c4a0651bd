--[[
ratelimits.refund: give back the newest usage of one subject.

KEYS state        string|list  of the limit
KEYS exception    string  lib/exception.lua
KEYS record?      string  idempotency record: lib/record.lua
ARGV kind         string  kind, a, b and c: as for ratelimits.check
ARGV a            int
ARGV b            int or text
ARGV c            int
ARGV cost         int     given back at most
ARGV taken_us     int     when it was consumed, 0 for now: usage that no longer counts is not given back
ARGV until_us     int     until when it counts, 0 if unknown
ARGV fingerprint  string  of the request, '' without an idempotency key
ARGV record_ttl_ms  int     how long the idempotency record is kept
ARGV channel      string  where instances hear that a denial may no longer hold
ARGV message      string  namespace, policy and subject

RETURN outcome refunded remaining reset_us override at_us
  1  refunded: as much as there was
  2  replayed: given back before, by a request with the same key; what remains is as of now
  3  conflict: the idempotency key belongs to another request; the rest is 0
  4  stale-window: as for ratelimits.check; refunded is the time in us, the rest is 0

COST O(1); sliding windows O(buckets), a log the entries that left it since its last write
]]
-- @use lib/record.lua
-- @use lib/limit.lua
local kind, a, c = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[4])
local b = tonumber(ARGV[3]) or ARGV[3]
local cost, taken_us, until_us = tonumber(ARGV[5]), tonumber(ARGV[6]), tonumber(ARGV[7])
local fingerprint, record_ttl_ms, channel, message = ARGV[8], tonumber(ARGV[9]), ARGV[10], ARGV[11]
local record_key = KEYS[3]

local refunded_before, foreign = recall(record_key, fingerprint)
if foreign then return { 3, 0, 0, 0, 0, 0 } end

local limit = evaluate_limit(KEYS[1], KEYS[2], kind, 1, a, b, c)
if not limit then return { 4, now_us, 0, 0, 0, 0 } end
local refunded = tonumber(refunded_before)
if not refunded then
  if taken_us == 0 then taken_us = now_us end
  refunded = limit.algorithm.refund(limit, cost, taken_us, until_us > 0 and until_us or nil)
  remember(record_key, fingerprint, string.format('%.0f', refunded), record_ttl_ms)
  redis.call('PUBLISH', channel, message)
end
local remaining, reset_us = limit.algorithm.describe(limit)
return { refunded_before and 2 or 1, refunded, remaining, reset_us, limit.override, now_us }
