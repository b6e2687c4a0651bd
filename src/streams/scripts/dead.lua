--[[
streams.dead: a page of the dead list of a group, the oldest first.

KEYS meta           hash    of the stream, see lib/stream.lua
ARGV settings       string  see lib/stream.lua
ARGV group          string
ARGV after          int     place of the last letter of the page before; 0 for the first page
ARGV limit          int     letters at most
ARGV most_bytes     int     of letters; the first one may be larger

RETURN outcome ...
  1, more, place, (id, letter)[]  page; place: of its last letter, 0 without one, see lib/dead.lua
  2                               no-group

COST O(limit + log(dead))
]]
-- @use lib/group.lua
local stream, name, after = open(KEYS[1], ARGV[1]), ARGV[2], ARGV[3]
local limit, most_bytes = tonumber(ARGV[4]), tonumber(ARGV[5])

local group = open_group(stream, name)
if not group then return { 2 } end
local reply, bytes = { 1, 0, 0 }, 0
local found = redis.call('ZRANGEBYSCORE', group.dead, '(' .. after, '+inf', 'WITHSCORES', 'LIMIT', 0, limit + 1)
for at = 1, #found, 2 do
  local letter = redis.call('HGET', group.letters, found[at])
  bytes = bytes + #letter
  if at > 2 * limit or at > 1 and bytes > most_bytes then
    reply[2] = 1
    break
  end
  reply[3], reply[#reply + 1], reply[#reply + 2] = tonumber(found[at + 1]), found[at], letter
end
return reply
