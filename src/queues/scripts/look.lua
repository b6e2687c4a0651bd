--[[
queues.look: a page of the messages of one state, without a delivery.

KEYS stat           hash    of the queue, see lib/queue.lua
ARGV settings       string  see lib/queue.lua
ARGV state          string  ready, delayed, leased, blocked or dead
ARGV limit          int     messages at most
ARGV most_bytes     int     of bodies; the first message may be larger
ARGV place          int     cursor: place of the last message read, see places_of; 0 for none
ARGV score          string  cursor: its score
ARGV member         string  cursor: its member

RETURN more place score member item[]
  more    1: the values after it are the cursor of the next page
  item    id, priority, deliveries, failures, sent_ms, due_ms, group, error, first_failed_ms,
          last_failed_ms, body; due_ms: until it is ready, or its visibility ends, else 0

COST O(limit + log(queue))
]]
-- @use lib/places.lua
local queue, state, limit, most_bytes = open(KEYS[1], ARGV[1]), ARGV[2], tonumber(ARGV[3]), tonumber(ARGV[4])
local place, score, member = tonumber(ARGV[5]), ARGV[6], ARGV[7]

local reply, seen, bytes = { 0, 0, '', '' }, 0, 0

-- @return false after the last message of the page
local function add(at, part, member, score)
  local id = id_of(part, member)
  local m = read_message(queue, id)
  bytes = bytes + m.size
  if seen == limit or seen > 0 and bytes > most_bytes then
    reply[1] = 1
    return false
  end
  seen = seen + 1
  reply[2], reply[3], reply[4] = at, score, member
  local is_timed = part == 'delayed' or part == 'leased'
  local due_ms = is_timed and math.max(0, math.ceil((tonumber(score) - now_us) / 1000)) or 0
  local item = { tonumber(id), m.priority, m.deliveries, m.failures, m.sent_ms, due_ms, m.group or '', m.error or '',
    m.first_failed_ms or 0, m.last_failed_ms or 0, redis.call('HGET', queue.body, id) }
  for _, field in ipairs(item) do reply[#reply + 1] = field end
  return true
end

for at, source in ipairs(places_of(queue, state)) do
  if at >= place and reply[1] == 0 then
    local from, to = ranks_of(queue, source)
    if at == place then from = math.max(from, rank_after(queue, source.part, score, member)) end
    local members = from <= to and redis.call('ZRANGE', queue[source.part], from, math.min(to, from + limit - seen), 'WITHSCORES') or {}
    for i = 1, #members, 2 do
      if not add(at, source.part, members[i], members[i + 1]) then break end
    end
  end
end
return reply
