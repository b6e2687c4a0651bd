--[[
cache.outbox-state: how far the origin of a space is behind.

KEYS outbox   zset  see lib/outbox.lua
KEYS ages     zset  the same
KEYS pending  hash  the same

RETURN pending failed bytes oldest_ms
  see state_of in lib/outbox.lua

COST O(1)
]]
-- @use lib/outbox.lua
return { state_of({ outbox = KEYS[1], ages = KEYS[2], pending = KEYS[3] }) }
