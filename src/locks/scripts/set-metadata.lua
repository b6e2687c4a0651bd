--[[
locks.set-metadata: replace the metadata of a lease, on all its locks or on none. Its end stays.

KEYS lock[]       hash    the locks of the token
ARGV token        string  proof of ownership
ARGV metadata     JSON    an object
ARGV floor        int     highest fence the caller has seen
ARGV ended_ttl_ms int     how long an ended lease is remembered

RETURN next_ms expired claim_timeouts gone outcome ...
  1, fence[]                      changed; a repeat changes nothing
  2, fence, how, reason, lost[]   ended: on the lost names; how: expired, released or revoked
  3, lost[]                       not-owner: not a token of the lost names

COST O(names)
MEMORY grows
]]
-- @use lib/advance.lua
-- @use lib/save.lua
-- @use lib/tokens.lua
local token, metadata = ARGV[1], ARGV[2]
local floor, ended_ttl_ms = tonumber(ARGV[3]), tonumber(ARGV[4])
local call = begin(KEYS[1], floor, ended_ttl_ms)
local locks = open_all(call, KEYS, token)
for _, lock in ipairs(locks) do advance(lock, token) end

local lost = find_lost(locks, token)
if lost then return answer(call, lost_reply(locks, token, lost)) end
local reply = { 1 }
for _, lock in ipairs(locks) do
  local lease = find_lease(lock, token)
  if lease.metadata ~= metadata then
    lease.metadata = metadata
    change_lease(lock, token, lease)
    emit(lock, 'changed', lease)
  end
  reply[#reply + 1] = lease.fence
end
return answer(call, reply)
