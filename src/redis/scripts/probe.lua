--[[
redis.probe: whether this server serves calls that write. It changes nothing.

KEYS probe  none  never written; its tag decides which server of a Cluster is asked

RETURN 1

COST O(1)
MEMORY grows
]]
return { 1 }
