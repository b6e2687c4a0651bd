-- A write lease: the writes of one key that are on their way to its origin. It is kept in the record of
-- the key's lease, so while it stands no load is granted, and none that began before is stored. The
-- fields of a lease are those of the first write, base and granted 0. Then come
--   WRITING
--   contended  '0' or '1': two writes were under way at a moment, or the key was removed meanwhile, so
--              what the cache would store may differ from what the origin has
--   clk ends   of each write: the clk at its begin, and until when the origin may apply it

-- @use lease.lua

local NOTE, NOTE_BYTES = '>dd', 16
local CONTENDED_AT, NOTES_AT = LEASE_BYTES + 2, LEASE_BYTES + 3

-- The writes that may still reach the origin; where there are none, those of a lease that begins.
local function read_writes(key, clock)
  local begins = { clk = clock.clk, epoch = clock.epoch, softened = 0, contended = false, notes = {} }
  local record = redis.call('GET', key) or ''
  if string.sub(record, LEASE_BYTES + 1, LEASE_BYTES + 1) ~= WRITING then return begins end
  local clk, epoch, _, _, _, softened = struct.unpack(LEASE, record)
  local notes = {}
  for at = NOTES_AT, #record, NOTE_BYTES do
    local note_clk, ends = struct.unpack(NOTE, record, at)
    if ends > now_us then notes[#notes + 1] = { clk = note_clk, ends = ends } end
  end
  if #notes == 0 then return begins end
  local contended = string.sub(record, CONTENDED_AT, CONTENDED_AT) == '1'
  return { clk = clk, epoch = epoch, softened = softened, contended = contended, notes = notes }
end

-- Whether there was a record: requests may wait for its end. It begins with UNLINK, after which a full
-- Redis lets a script write.
local function save_writes(key, w)
  local was_there = redis.call('UNLINK', key) > 0
  if #w.notes == 0 then return was_there end
  local packed, last = {}, 0
  for i, note in ipairs(w.notes) do
    packed[i], last = struct.pack(NOTE, note.clk, note.ends), math.max(last, note.ends)
  end
  local fields = struct.pack(LEASE, w.clk, w.epoch, 0, 0, last, w.softened)
  redis.call('SET', key, fields .. WRITING .. (w.contended and '1' or '0') .. table.concat(packed),
    'PX', digits(math.ceil((last - now_us) / 1000)))
  return was_there
end

-- Among many, the oldest two become one without a clk: it stands as long, and neither is stored.
local function add_note(writes, clk, ends, most)
  local notes = writes.notes
  if #notes >= most then
    local oldest = table.remove(notes, 1)
    notes[1] = { clk = 0, ends = math.max(oldest.ends, notes[1].ends) }
  end
  notes[#notes + 1] = { clk = clk, ends = ends }
end

-- Takes the note of a write out; nil where it ended, or was lost.
local function take_note(writes, clk)
  for i, note in ipairs(writes.notes) do
    if note.clk == clk then return table.remove(writes.notes, i) end
  end
end

-- Drops what is there, unless its origin has yet to get it by the outbox. It begins with UNLINK, after which
-- a full Redis lets a script write.
local function drop_delivered(entry_key, values_key)
  local entry = read_entry(entry_key)
  redis.call('UNLINK', values_key, entry and entry.pending and values_key or entry_key)
end

-- The key changes otherwise: ends the load under way, and lets no write under way be stored.
local function void_lease(key)
  if redis.call('GETRANGE', key, LEASE_BYTES, LEASE_BYTES) ~= WRITING then
    return redis.call('UNLINK', key) > 0
  end
  redis.call('SETRANGE', key, CONTENDED_AT - 1, '1')
  return true
end
