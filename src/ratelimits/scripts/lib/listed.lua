-- Subjects that the policy names: one that is allowed is never limited, one that is denied always;
-- neither is counted, so there is nothing to give back.
-- a: limit
local function listed(allowed)
  return {
    evaluate = function(_, _, most)
      return {
        most = most, allowed = allowed, unlimited = allowed, retry_us = allowed and 0 or -1,
      }
    end,
    largest = function() return math.huge end,
    write = function() end,
    refund = function() return 0 end,
    describe = function(limit) return allowed and limit.most or 0, 0 end,
  }
end
