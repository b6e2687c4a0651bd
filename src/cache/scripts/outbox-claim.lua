--[[
cache.outbox-claim: claim keys that are due, for the one instance that delivers this outbox. No other request
is sent for a key until its claim is over.

KEYS outbox       zset    see lib/outbox.lua
KEYS ages         zset    the same
KEYS pending      hash    the same
KEYS deliverer    string  the instance that delivers, and until when
ARGV instance     string
ARGV token        string  proof of these claims
ARGV most         int
ARGV lease_ms     int     how long the instance delivers, unless it claims again; 0: it ends
ARGV ahead_ms     int     keys that are due so soon are claimed too, unless the origin may still apply a
                          request for them
ARGV claim_ms     int     within which the origin applies what is sent for a key, if it does

RETURN outcome left_ms pending failed bytes oldest_ms names...
  0 held: another instance delivers, for left_ms
  1 claimed: as many of the names as are due; before them the state of the outbox, see state_of

COST O(log pending) per name
]]
-- @use lib/outbox.lua
local outbox, deliverer_key = { outbox = KEYS[1], ages = KEYS[2], pending = KEYS[3] }, KEYS[4]
local instance, token, most = ARGV[1], ARGV[2], tonumber(ARGV[3])
local lease_ms, ahead_ms, claim_ms = tonumber(ARGV[4]), tonumber(ARGV[5]), tonumber(ARGV[6])

local pending, failed, bytes, oldest_ms = state_of(outbox)
local holder, ends = string.match(redis.call('GET', deliverer_key) or '', '^(%S+) (%d+)$')
if holder and holder ~= instance and tonumber(ends) > now_us then
  return { 0, math.ceil((tonumber(ends) - now_us) / 1000), pending, failed, bytes, oldest_ms }
end
-- First, because a full Redis lets a script write only after its first freeing command.
redis.call('UNLINK', deliverer_key)
if lease_ms == 0 then return { 1, 0, pending, failed, bytes, oldest_ms } end
redis.call('SET', deliverer_key, instance .. ' ' .. digits(now_us + lease_ms * 1000), 'PX', lease_ms)

local answer = { 1, 0, pending, failed, bytes, oldest_ms }
local last = digits(now_us + ahead_ms * 1000)
for _, name in ipairs(redis.call('ZRANGEBYSCORE', outbox.outbox, '-inf', last, 'LIMIT', 0, most)) do
  local p = read_pending(outbox, name)
  if p.rest <= now_us then
    p.claim, p.rest = token, now_us + claim_ms * 1000
    save_pending(outbox, name, p, digits(p.rest))
    answer[#answer + 1] = name
  end
end
return answer
