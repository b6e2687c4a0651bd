-- Places among the entries of a ZSET. Every entry has the score 0, so the bytes are the order, and
-- ZLEXCOUNT finds a place in O(log(entries)), however many scores are equal.

-- Sorts after every entry with the same columns: no id starts with the byte 255.
local ABOVE = string.rep('\255', 40)

-- The number of entries that sort before these bytes.
local function place(order_key, bytes)
  return redis.call('ZLEXCOUNT', order_key, '-', '(' .. bytes)
end
