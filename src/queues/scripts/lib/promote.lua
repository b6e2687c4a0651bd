-- @use ends.lua

-- Makes messages ready whose visibility or delay has ended; at most that many: the next call goes on.
-- @return how many
local function promote(queue, most)
  local now = string.format('%.0f', now_us)
  local over = redis.call('ZRANGEBYSCORE', queue.leased, '-inf', now, 'LIMIT', 0, most)
  for _, id in ipairs(over) do
    redis.call('ZREM', queue.leased, id)
    local m = read_message(queue, id)
    count(queue, 'timedOut', 1)
    -- The nonce stays: an acknowledgement counts until the next delivery.
    if fail(queue, m) then
      bury(queue, id, m)
    else
      write_message(queue, id, m)
      add_ready(queue, id, m) -- @place end-of-a-visibility
    end
  end
  local due = redis.call('ZRANGEBYSCORE', queue.delayed, '-inf', now, 'LIMIT', 0, most - #over)
  for _, id in ipairs(due) do
    redis.call('ZREM', queue.delayed, id)
    add_ready(queue, id, read_message(queue, id))
  end
  return #over + #due
end
