-- An entry is one string: a fixed header, four short texts, the payload. Times are us.
--   format kind flags        3; 0 bytes, 1 counter, 2 object; 1 negative + 2 its fill created it + 4
--                            pending: its origin has yet to get it, see outbox.lua
--   version fence epoch      see clock.lua; the fence is the clk at which its load began
--   created touched          written, or confirmed by its origin, at; last seen in use (for idle time)
--   logical stale error      fresh until, served stale until, the same once no load succeeds
--   opens                    when the error window opens: a load failed, or its lease runs out; 0: never
--   load                     how long the load took, ms; 0 when it is not known
--   size                     bytes of the payload; of a counter or an object, those in its hash
--   lengths                  fill (proof of the grant, digest, and after a line feed what its origin calls
--                            the value, see origins/loading/validator.ts), content type, encoding, tags

-- @use clock.lua

local FORMAT = 3
local HEADER = '>BBBdddddddddIIBBBH'
local HEADER_BYTES = 88
local BYTES, COUNTER, OBJECT = 0, 1, 2
-- Where the fields that change in place begin.
local FLAGS_AT, FENCE_AT, EPOCH_AT, TOUCHED_AT, LOGICAL_AT, OPENS_AT = 2, 11, 19, 35, 43, 67
-- One command reads the header, the texts unless they are long, and a small payload.
local HEAD_ENDS = '4095'

local NO_TAGS = {}
local function split_tags(text)
  -- Saves work: most entries have none.
  if text == '' then return NO_TAGS end
  local tags = {}
  for tag in string.gmatch(text, '[^\n]+') do tags[#tags + 1] = tag end
  return tags
end

-- The header and the texts, without a large payload. A counter or an object keeps its values in a hash.
local function read_entry(key)
  local head = redis.call('GETRANGE', key, '0', HEAD_ENDS)
  if #head < HEADER_BYTES then return nil end
  local format, kind, flags, version, fence, epoch, created, touched, logical, stale, error_end, opens,
    load, size, token, kind_of, encoding, tags = struct.unpack(HEADER, head)
  if format ~= FORMAT then return nil end
  local texts = HEADER_BYTES + token + kind_of + encoding + tags
  if texts > #head then head = redis.call('GETRANGE', key, 0, texts - 1) end
  -- In one constructor: a table that grows field by field is copied five times.
  return {
    key = key, values = kind ~= BYTES and string.gsub(key, ':entry:', ':values:', 1) or nil,
    kind = kind, negative = flags % 2 == 1, was_created = flags % 4 >= 2, pending = flags >= 4,
    version = version, fence = fence, epoch = epoch, created = created, touched = touched,
    logical = logical, stale = stale, error = error_end, opens = opens, load = load, size = size,
    token = string.sub(head, HEADER_BYTES + 1, HEADER_BYTES + token),
    tags = string.sub(head, texts - tags + 1, texts),
    head = head, texts = texts, dead = true,
  }
end

local function write_entry(clock, key, e, payload)
  local flags = (e.negative and 1 or 0) + (e.was_created and 2 or 0) + (e.pending and 4 or 0)
  local header = struct.pack(HEADER, FORMAT, e.kind, flags, e.version, e.fence, e.epoch, e.created,
    e.touched, e.logical, e.stale, e.error, e.opens, e.load, e.size, #e.token, #e.type, #e.encoding, #e.tags)
  local ends = math.max(e.logical, e.stale, e.error)
  local life_ms = math.ceil((ends - now_us) / 1000)
  -- A soft invalidation during the load may have ended the value before it is stored.
  if life_ms < 1 then return redis.call('UNLINK', key) end
  outlive(clock, e.fence, ends)
  local stored = table.concat({ header, e.token, e.type, e.encoding, e.tags, payload })
  if e.pending then redis.call('SET', key, stored) return #stored end
  redis.call('SET', key, stored, 'PX', digits(life_ms))
end

-- Stale from now on, and served for as long after its freshness as before, but not after `most`. A pending
-- value is stale once it is delivered.
local function make_stale(e, most)
  local moved = math.max(0, e.logical - (e.pending and e.created or now_us))
  redis.call('SETRANGE', e.key, LOGICAL_AT, struct.pack('>ddd', e.logical - moved,
    math.min(e.stale - moved, most), math.min(e.error - moved, most)))
end

-- The error window of an entry opens at `at`, unless a load succeeds before; 0: it does not. Once it is
-- open, only a new value closes it.
local function open_at(e, at)
  if not e or (e.opens > 0 and e.opens <= now_us) then return end
  redis.call('SETRANGE', e.key, OPENS_AT, struct.pack('>d', at))
end

-- Notes a use, at most ten times per idle time, so that most reads write nothing.
local function note_use(e, idle_ms)
  if idle_ms == 0 or now_us - e.touched <= idle_ms * 100 then return end
  redis.pcall('SETRANGE', e.key, TOUCHED_AT, struct.pack('>d', now_us))
end

local function ms(us) return math.floor(us / 1000) end
