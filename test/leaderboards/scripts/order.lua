--[[
test.order: what lib/order.lua makes of two values of one column.

KEYS subject  string  any key
ARGV column   string  two letters, see lib/order.lua
ARGV left     string  decimal text
ARGV right    string  decimal text

RETURN left_text right_text before sum
  before  1 where the bytes of left sort before those of right
  sum     '' where it leaves the range

COST O(1)
]]
-- @use ../../../src/leaderboards/scripts/lib/order.lua
-- @use ../../../src/leaderboards/scripts/lib/change.lua
local column = ARGV[1]
local left, right = encode(column, ARGV[2]), encode(column, ARGV[3])
local sum = add(column, left, right)
return { decode(column, left), decode(column, right),
  before(left, right) and 1 or 0, sum and decode(column, sum) or '' }
