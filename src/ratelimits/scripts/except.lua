--[[
ratelimits.except: change the block or override of one subject, if the precondition holds, or read
them. An override without an end is configuration: it stays until it is deleted.

KEYS exception  string  lib/exception.lua
ARGV block_ms?  int     duration of the block; 0 ends it, '' leaves it
ARGV limit?     int     limit of the override; 0 ends it, '' leaves it
ARGV burst      int     with a limit; 0 for that of the policy
ARGV ttl_ms?    int     duration of the override, 0 for ever; '' leaves its end
ARGV if_match   string  of the override: '' no condition, '*' must exist, 'none' must not exist, else
                        its version
ARGV channel    string  where instances hear that a denial may no longer hold
ARGV message    string  namespace, policy and subject

RETURN outcome was_blocked before blocked_us limit burst left_us version
  1  changed: was_blocked and before (the version, or 0) are as of before, the rest as of now. limit is
     0 without an override; left_us is 0 for an override without an end
  0  precondition-failed; the rest as of now

COST O(1)
]]
-- @use lib/exception.lua
-- @use ../../redis/scripts/lib/precondition.lua
local key, block_ms, limit, burst, ttl_ms = KEYS[1], ARGV[1], ARGV[2], tonumber(ARGV[3]), ARGV[4]
local if_match, channel, message = ARGV[5], ARGV[6], ARGV[7]

local exception = read_exception(key)
  or { blocked_until = 0, ends = 0, limit = 0, burst = 0, version = '0' }
local was_blocked, before = exception.blocked_until > 0 and 1 or 0, exception.version
local is_held = holds(if_match, exception.limit > 0 and exception.version or nil)
if not is_held then block_ms, limit = '', '' end
if block_ms ~= '' then
  exception.blocked_until = block_ms == '0' and 0 or now_us + tonumber(block_ms) * 1000
end
if limit ~= '' then
  exception.limit, exception.burst = tonumber(limit), burst
  if ttl_ms ~= '' then exception.ends = ttl_ms == '0' and 0 or now_us + tonumber(ttl_ms) * 1000 end
  local next_version = string.format('%.0f', math.max(now_us, tonumber(before) + 1))
  exception.version = exception.limit > 0 and next_version or '0'
end
if block_ms ~= '' or limit ~= '' then
  write_exception(key, exception)
  redis.call('PUBLISH', channel, message)
end
return {
  is_held and 1 or 0, was_blocked, tonumber(before), math.max(0, exception.blocked_until - now_us),
  exception.limit, exception.burst, math.max(0, exception.ends - now_us), tonumber(exception.version),
}
