--[[
locks.watch: watch a lock for a while, and read the events after one that was seen. Without one, or
when some of them are gone, read the state of the lock instead.

KEYS lock         hash    the lock; its stream of events and its watchers are built from the tag
ARGV instance     string  notified on its channel when something happens
ARGV watch_ms     int     how long events are recorded from now on
ARGV after        string  id of the last event seen, '' for none
ARGV max          int     how many events are read, and how many holders and waiters are shown

RETURN next_ms expired claim_timeouts gone outcome last more ...
  1, last, more, (id, type, fence, owner, reason, metadata)[]
                                                     news: later events; last: the id to read on from
  0, last, 0, snapshot, waiters[]                    beginning: the state at that id

COST O(max)
MEMORY grows
]]
-- @use ../../redis/scripts/lib/watchers.lua
-- @use lib/save.lua
-- @use lib/snapshot.lua
local instance, watch_ms, after, max = ARGV[1], tonumber(ARGV[2]), ARGV[3], tonumber(ARGV[4])
local call = begin(KEYS[1], 0, 0)
local lock = open_lock(call, name_of(call, KEYS[1]))
local events = part(lock, 'events')

-- Between two watches no event was recorded, so older events cannot be continued.
if lock.watched <= now_us then redis.call('DEL', events) end
if redis.call('EXISTS', events) == 0 then redis.call('XADD', events, '*', 'type', 'begin') end
lock.watched, lock.dirty = math.max(lock.watched, now_us + watch_ms * 1000), true
-- The lock is saved without advance, so the deadline of the head of its queue is set here.
local _, head = head_of(lock)
lock.head_gone = head and gone_at(call, head)
redis.call('PEXPIRE', events, watch_ms + KEEP_MS)
add_watcher(part(lock, 'watchers'), instance, lock.watched, watch_ms + KEEP_MS)

-- Only the oldest events are dropped: while an event is there, all later ones are there.
local found = after ~= '' and redis.call('XRANGE', events, after, after)[1]
if not found then
  local reply = { 0, redis.call('XREVRANGE', events, '+', '-', 'COUNT', 1)[1][1], 0 }
  describe(reply, lock, max)
  describe_waiters(reply, lock, max)
  return answer(call, reply)
end
local reply, last = { 1, after, 0 }, after
local entries = redis.call('XRANGE', events, '(' .. after, '+', 'COUNT', max)
for _, entry in ipairs(entries) do
  local id, fields = entry[1], entry[2]
  reply[#reply + 1] = id
  -- An instance of an earlier version records no metadata.
  for i = 2, 10, 2 do reply[#reply + 1] = fields[i] or '' end
  last = id
end
reply[2], reply[3] = last, #entries == max and 1 or 0
return answer(call, reply)
