--[[
redis.probe: whether this server serves calls that write. It changes nothing.

KEYS probe  none  never written; its tag decides which server of a Cluster is asked

RETURN outcome
  1  it does

COST O(1)
MEMORY grows
]]
return { 1 }
