--[[
ratelimits.except: say what holds for one subject alone, if the precondition holds, or read it. An
override without end is kept until it is taken back: it is configuration, and nobody expects it to
wear off.

KEYS exception  string  lib/exception.lua
ARGV block_ms?  int     block for so long; 0 ends a block, '' leaves it
ARGV limit?     int     the limit instead of that of the policy; 0 ends an override, '' leaves it
ARGV burst      int     with a limit; 0 for that of the policy
ARGV ttl_ms     int     how long the override holds, 0 for ever
ARGV if_match   string  of the override: '' no condition, '*' must exist, 'none' must not exist, else
                        its version
ARGV channel    string  who remembers denials listens here
ARGV message    string  namespace, policy and subject

RETURN outcome was_blocked before blocked_us limit burst left_us version
  1  changed; as it was before: whether it was blocked, the version of its override, or 0; then as it
     is now: how much longer it is blocked; the limit, or 0; how much longer that holds, or 0 for ever
  0  precondition-failed; the rest as it is

COST O(1)
]]
-- @use lib/exception.lua
-- @use ../../redis/scripts/lib/precondition.lua
local key, block_ms, most, burst, ttl_ms = KEYS[1], ARGV[1], ARGV[2], tonumber(ARGV[3]), tonumber(ARGV[4])
local if_match, channel, message = ARGV[5], ARGV[6], ARGV[7]

local own = read_exception(key) or { blocked = 0, till = 0, most = 0, burst = 0, version = '0' }
local was_blocked, before = own.blocked > 0 and 1 or 0, own.version
local is_held = holds(if_match, own.most > 0 and own.version or nil)
if not is_held then block_ms, most = '', '' end
if block_ms ~= '' then
  own.blocked = block_ms == '0' and 0 or now_us + tonumber(block_ms) * 1000
end
if most ~= '' then
  own.most, own.burst = tonumber(most), burst
  own.till = ttl_ms > 0 and now_us + ttl_ms * 1000 or 0
  own.version = own.most > 0 and string.format('%.0f', math.max(now_us, tonumber(before) + 1)) or '0'
end
if block_ms ~= '' or most ~= '' then
  write_exception(key, own)
  redis.call('PUBLISH', channel, message)
end
return {
  is_held and 1 or 0, was_blocked, tonumber(before), math.max(0, own.blocked - now_us),
  own.most, own.burst, math.max(0, own.till - now_us), tonumber(own.version),
}
