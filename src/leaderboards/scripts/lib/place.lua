-- Places among the entries of a ZSET. Every entry has the score 0, so the bytes alone are the order, and
-- ZLEXCOUNT finds a place in O(log(entries)) however many are equal.

-- Larger than whatever can follow the same first bytes: no id starts with the byte 255.
local ABOVE = string.rep('\255', 40)

-- How many entries of the ZSET stand before these bytes.
local function place(order_key, bytes)
  return redis.call('ZLEXCOUNT', order_key, '-', '(' .. bytes)
end
