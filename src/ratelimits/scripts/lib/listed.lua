-- Subjects on a list of the policy: always allowed or always denied. Neither is counted, so there is
-- nothing to give back.
-- a: limit
local function listed(allowed)
  return {
    evaluate = function(_, _, capacity)
      return {
        capacity = capacity, allowed = allowed, unlimited = allowed, retry_us = allowed and 0 or -1,
      }
    end,
    largest = function() return math.huge end,
    write = function() end,
    refund = function() return 0 end,
    describe = function(limit) return allowed and limit.capacity or 0, 0 end,
  }
end
