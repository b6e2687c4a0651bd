--[[
queues.purge: delete some messages of one state that were sent before the purge began; the next call
goes on. Messages of a group follow its deleted head: they become ready.

KEYS stat           hash    of the queue, see lib/queue.lua
ARGV settings       string  see lib/queue.lua
ARGV state          string  ready, delayed, leased, blocked or dead
ARGV most           int     messages to read
ARGV last_id        int     newest id when the purge began; 0: it begins
ARGV score          string  of the last message read, '' for none
ARGV member         string  of the last message read

RETURN deleted more last_id score member timed_out dead dropped
  more    1: call again, with the values after it; the last three: how many others ended meanwhile

COST O(most x log(queue))
]]
-- @use lib/places.lua
-- @use lib/promote.lua
local queue, state, most, last_id = open(KEYS[1], ARGV[1]), ARGV[2], tonumber(ARGV[3]), tonumber(ARGV[4])
local score, member = ARGV[5], ARGV[6]

local deleted = 0
local function delete(part, member)
  local id = id_of(part, member)
  if tonumber(id) > last_id then return end
  redis.call('ZREM', queue[part], member)
  discard(queue, id)
  deleted = deleted + 1
end

if last_id == 0 then last_id = tonumber(redis.call('HGET', queue.stat, 'id') or 0) end
local more = 0
if state == 'ready' then
  local promoted = promote(queue, most)
  for class = 0, 9 do
    local from, to = class_range(class, last_id)
    local left = most - deleted
    for _, id in ipairs(left > 0 and redis.call('ZRANGEBYSCORE', queue.ready, from, to, 'LIMIT', 0, left) or {}) do
      delete('ready', id)
    end
  end
  if deleted > 0 or promoted == most then more = 1 end
else
  local place = places_of(queue, state)[1]
  local from, to = ranks_of(queue, place)
  if score ~= '' then from = math.max(from, rank_after(queue, place.part, score, member)) end
  if to >= from + most then to, more = from + most - 1, 1 end
  local members = from <= to and redis.call('ZRANGE', queue[place.part], from, to, 'WITHSCORES') or {}
  for at = 1, #members, 2 do delete(place.part, members[at]) end
  score, member = members[#members] or '', members[#members - 1] or ''
end
save(queue)
return { deleted, more, last_id, score, member, select(2, met(queue)) }
