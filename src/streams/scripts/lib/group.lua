-- The groups of a stream. Their keys share its tag:
--
--   groups           hash  name of a group -> its state
--   leased:<group>   zset  ids that were handed out and are not settled: those that are ready again by
--                          their number, the others by the time in us at which their visibility ends
--   pending:<group>  hash  id -> delivery, of the same ids, see delivery.lua
--   dead:<group>     zset  ids of entries that failed too often, by their place among all of them
--   letters:<group>  hash  id -> copy of such an entry, see dead.lua
--   waiting:<group>  zset  see redis/scripts/lib/wake.lua; ends by itself
--
-- The state of a group:
--
--   generation     4 random characters that all its receipts have; a seek replaces them
--   last           id of the newest entry that was handed out, or that it passed over
--   visibility_ms, max_failures
--   trimmed        entries that were dropped before they were handed out
--   dropped        entries that were dropped or deleted between two deliveries
--   deaths         entries that ever failed too often
--   dead_bytes     of letters
--
-- And in one call: readied, how many entries became ready again; settled, how many ended; and buried, the
-- bytes of those that were copied to the dead list.

-- @use stream.lua

local PARTS = { 'leased', 'pending', 'dead', 'letters', 'waiting' }

local function group_of(stream, name)
  local group = { name = name, trimmed = 0, dropped = 0, deaths = 0, dead_bytes = 0, readied = 0, settled = 0,
    buried = 0 }
  for _, part in ipairs(PARTS) do group[part] = stream.prefix .. part .. ':' .. name end
  return group
end

-- Appends the keys of a group to a list.
local function append_keys(keys, group)
  for _, part in ipairs(PARTS) do keys[#keys + 1] = group[part] end
end

-- @return nil if there is no such group
local function open_group(stream, name)
  local packed = redis.call('HGET', stream.groups, name)
  if not packed then return nil end
  local group = group_of(stream, name)
  group.generation, group.last, group.visibility_ms, group.max_failures, group.trimmed, group.dropped, group.deaths,
    group.dead_bytes = cmsgpack.unpack(packed)
  return group
end

local function save_group(stream, group)
  redis.call('HSET', stream.groups, group.name, cmsgpack.pack(group.generation, group.last, group.visibility_ms,
    group.max_failures, group.trimmed, group.dropped, group.deaths, group.dead_bytes))
end

-- Redis tests its memory until the first write of a script. Calls that must work while it is full begin
-- with one that frees memory.
local function begin_freeing(group)
  redis.call('ZREM', group.leased, '')
end

-- Passes over entries that were dropped before the group had them.
local function skip_trimmed(stream, group)
  local last_ms, last_n = parse_id(group.last)
  local gone = gone_of(stream)
  local gone_ms, gone_n = parse_id(gone)
  if not is_before(last_ms, last_n, gone_ms, gone_n) then return end
  group.trimmed, group.last = group.trimmed + gone_n - last_n, gone
end
