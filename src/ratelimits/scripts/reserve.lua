--[[
ratelimits.reserve: consume an estimated cost and store it, so that it can be settled once. A
reservation that is not settled stays consumed.

KEYS state        string|list  of the limit
KEYS exception    string  lib/exception.lua
KEYS reservation  string  "<cost> <taken us> <end us> <until us>": settled before end us, counts until us
KEYS record?      string  idempotency record: lib/record.lua
ARGV kind         string  kind, a, b and c: as for ratelimits.check
ARGV a            int
ARGV b            int or text
ARGV c            int
ARGV shadow       0 or 1  1: never denied; a cost without room reserves 0
ARGV cost         int     1 or more
ARGV id           string  of the reservation
ARGV ttl_ms       int     time to settle it
ARGV fingerprint  string  of the request, '' without an idempotency key
ARGV record_ttl_ms  int     how long the idempotency record is kept

RETURN outcome taken_us allowed remaining reset_us retry_us granted override blocked delay_us left_us id
  0  denied: nothing was consumed
  1  reserved: to be settled within left_us
  2  replayed: reserved before as `id`, by a request with the same key; times are as of now
  3  conflict: the idempotency key belongs to another request; nothing follows
  4  stale-window: as for ratelimits.check; nothing follows

COST as ratelimits.check of one limit
]]
-- @use lib/limit.lua
-- @use lib/record.lua
local kind, a, c = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[4])
local b = tonumber(ARGV[3]) or ARGV[3]
local shadow, cost, id, ttl_ms = ARGV[5] == '1', tonumber(ARGV[6]), ARGV[7], tonumber(ARGV[8])
local fingerprint, record_ttl_ms, record_key = ARGV[9], tonumber(ARGV[10]), KEYS[4]

local record, foreign = recall(record_key, fingerprint)
if foreign then return { 3, 0 } end

local limit = evaluate_limit(KEYS[1], KEYS[2], kind, cost, a, b, c)
if not limit then return { 4, now_us } end
local reserved = record or limit.allowed or shadow
local granted, taken_us, end_us = 0, now_us, now_us + ttl_ms * 1000
local start_us = now_us + (limit.delay_us or 0)
if record then
  -- Lua converts end_us and start_us when it subtracts them.
  granted, taken_us, end_us, start_us, id = string.match(record, '^(%d+) (%d+) (%d+) (%d+) (%S+)$')
  granted, taken_us = tonumber(granted), tonumber(taken_us)
  limit.allowed = granted > 0
elseif reserved then
  if limit.allowed then
    limit.algorithm.write(limit)
    granted = cost
  end
  local reservation = string.format('%.0f %.0f %.0f', granted, taken_us, end_us)
  local _, reset_us = limit.algorithm.describe(limit)
  redis.call('SET', KEYS[3], string.format('%s %.0f', reservation, now_us + reset_us), 'PX', ttl_ms)
  remember(record_key, fingerprint, string.format('%s %.0f %s', reservation, start_us, id), record_ttl_ms)
end
local reply = { reserved and (record and 2 or 1) or 0, taken_us }
append_limit(reply, limit, granted, limit.allowed and math.max(0, start_us - now_us) or 0)
reply[#reply + 1], reply[#reply + 2] = math.max(0, end_us - now_us), id
return reply
