--[[
streams.settle: acknowledge, reject, release or extend deliveries of a group, each by its receipt.

KEYS meta           hash    of the stream, see lib/stream.lua
ARGV settings       string  see lib/stream.lua
ARGV group          string
ARGV most_ms        int     how long a delivery may last, with its extensions
ARGV most_bytes     int     of entries that are copied to the dead list; the last one may exceed it
ARGV actions[]      string  "kind id secret ms error": kind ack, nack, dead (a nack that ends retries),
                            release or extend; ms the visibility of extend

RETURN outcome ...
  1, dropped, status[]  settled; dropped: entries of rejected deliveries that were gone; status: see
                        redis/scripts/lib/statuses.lua; gone: acknowledged before, or dropped. Beyond
                        most_bytes the other actions have none: the next call goes on with them
  2                     no-group

COST O(actions x log(pending))
]]
-- @use ../../redis/scripts/lib/statuses.lua
-- @use ../../redis/scripts/lib/wake.lua
-- @use lib/group.lua
-- @use lib/handout.lua
-- @use lib/settlement.lua
local stream, name, most_ms, most_bytes = open(KEYS[1], ARGV[1]), ARGV[2], tonumber(ARGV[3]), tonumber(ARGV[4])

local group = open_group(stream, name)
if not group then return { 2 } end

local function settle(id, kind, secret, ms, error)
  local d = read_delivery(group, id)
  local refusal = refusal_of(group, id, d, secret)
  if refusal then return refusal end
  if kind == 'ack' then return acknowledge(group, id) end
  if tonumber(redis.call('ZSCORE', group.leased, id)) <= now_us then return STALE end
  if kind == 'extend' then return extend(group, id, d, ms, most_ms) end
  if kind == 'release' then return release(group, id, d) end
  return reject(stream, group, id, d, kind == 'dead', error)
end

begin_freeing(group)
local was_full = redis.call('ZCARD', group.leased) >= MOST_PENDING
local dropped_before, reply = group.dropped, { 1, 0 }
for at = 5, #ARGV do
  if group.buried > most_bytes then break end
  local kind, id, secret, ms, error = string.match(ARGV[at], '^(%l+) (%S+) (%S+) (%d+) (.*)$')
  reply[#reply + 1] = settle(id, kind, secret, tonumber(ms), error)
end
save_group(stream, group)
reply[2] = group.dropped - dropped_before
wake(group.waiting, group.readied + (was_full and group.settled or 0))
return reply
