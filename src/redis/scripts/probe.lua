--[[
redis.probe: check that this server serves calls that write. It changes nothing.

KEYS probe  none  never written; its tag selects the server of a Cluster

RETURN 1

COST O(1)
MEMORY grows
]]
return { 1 }
