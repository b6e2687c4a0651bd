-- Entries of a range.

-- Appends ids and bytes of entries to a reply, at most `limit` and `most_bytes`; the first entry may
-- be larger.
-- @return whether more follow, and the first and the last id of the entries
local function append_entries(reply, log, first, last, descending, limit, most_bytes)
  local seen, bytes, from, to = 0, 0, nil, nil
  while true do
    -- Few at a time, because a page of large entries ends early.
    local count = math.min(16, limit - seen + 1)
    local entries = descending and redis.call('XREVRANGE', log, last, first, 'COUNT', count)
      or redis.call('XRANGE', log, first, last, 'COUNT', count)
    for _, entry in ipairs(entries) do
      local id, packed = entry[1], entry[2][2]
      bytes = bytes + #packed
      if seen == limit or seen > 0 and bytes > most_bytes then return true, from, to end
      seen = seen + 1
      reply[#reply + 1], reply[#reply + 2] = id, packed
      from, to = from or id, id
      if descending then last = '(' .. id else first = '(' .. id end
    end
    if #entries < count then return false, from, to end
  end
end
