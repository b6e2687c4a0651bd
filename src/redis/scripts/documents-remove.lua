--[[
documents.remove: remove one document, if the precondition holds.

KEYS documents  hash    name -> "version body"; ":revision" -> the last version assigned
ARGV name       string  without a colon
ARGV if_match   string  '' no condition, '*' must exist, 'none' must not exist, else the version
ARGV channel    string  where the change is published
ARGV message    string

RETURN outcome version
  1, version   removed
  2, 0         missing
  3, version   precondition-failed; 0 where there is none

COST O(1)
]]
-- @use lib/documents.lua
-- @use lib/precondition.lua
local documents = KEYS[1]
local name, if_match, channel, message = ARGV[1], ARGV[2], ARGV[3], ARGV[4]

local stored = redis.call('HGET', documents, name)
local version = stored and string.match(stored, '^%d+') or nil
if not holds(if_match, version) then return { 3, tonumber(version or 0) } end
if not version then return { 2, 0 } end

-- HDEL first: a full Redis lets a script write only after its first freeing command.
redis.call('HDEL', documents, name)
redis.call('HSET', documents, ':revision', next_revision(documents))
redis.call('PUBLISH', channel, message)
return { 1, tonumber(version) }
