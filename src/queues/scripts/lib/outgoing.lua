-- The messages of a send.

-- @use groups.lua

-- Marks each message whose dedup id was seen: `first_id` of an earlier send, or `first` in this one.
-- @return the others
local function find_new(queue, messages, floor)
  local new, firsts = {}, {}
  for _, sent in ipairs(messages) do
    local key = sent.dedup and dedup_key(queue, sent.dedup)
    local id = key and redis.call('GET', key)
    -- An id up to the floor was deleted with its queue.
    if id and tonumber(id) > floor then
      sent.first_id = id
    elseif key and firsts[key] then
      sent.first = firsts[key]
    else
      if key then firsts[key] = sent end
      new[#new + 1] = sent
    end
  end
  return new
end

local function add_message(queue, id, sent)
  local group = sent.group ~= '' and sent.group or nil
  local m = { priority = sent.priority, size = #sent.body, sent_ms = now_ms, deliveries = 0, failures = 0, group = group,
    dedup = sent.dedup }
  if sent.delay_ms > 0 then
    m.wait_ms = sent.delay_ms
    add_delayed(queue, id, sent.delay_ms)
  elseif enter_group(queue, id, m) then
    note_ready(m)
    add_ready(queue, id, m)
  end
  queue.grown.msg = true
  write_message(queue, id, m)
  put(queue, 'HSET', 'body', id, sent.body)
  count(queue, 'bytes', m.size)
  if sent.dedup then redis.call('SET', dedup_key(queue, sent.dedup), id, 'PX', queue.dedup_window_ms) end
end
