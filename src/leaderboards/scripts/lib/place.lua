-- Places among the entries of a ZSET whose doubles may tie: there bytes decide.

-- memcmp: true when left sorts before right; of two with a common start the shorter one does.
local function before(left, right)
  for at = 1, math.min(#left, #right) do
    local a, b = string.byte(left, at), string.byte(right, at)
    if a ~= b then return a < b end
  end
  return #left < #right
end

-- Larger than whatever can follow the same first bytes: no id starts with the byte 255.
local ABOVE = string.rep('\255', 40)

-- How many entries of the ZSET stand before these bytes, whose first column rounds to score. Only
-- among equal doubles do bytes decide: there a binary search reads log2(equal) members.
local function place(order_key, score, bytes)
  local low = redis.call('ZCOUNT', order_key, '-inf', '(' .. score)
  local high = low + redis.call('ZCOUNT', order_key, score, score)
  while low < high do
    local middle = math.floor((low + high) / 2)
    if before(redis.call('ZRANGE', order_key, middle, middle)[1], bytes) then
      low = middle + 1
    else
      high = middle
    end
  end
  return low
end
