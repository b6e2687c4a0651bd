--[[
documents.write: store one document under a new version, if the precondition holds.

KEYS documents  hash    name -> "version body"; ":revision" -> the last version given out; no expiry:
                        configuration lives until it is removed
ARGV name       string  without a colon
ARGV body       string  JSON
ARGV if_match   string  '' no condition, '*' must exist, 'none' must not exist, else the version
ARGV most       int     documents that may exist
ARGV channel    string  where other processes hear of it
ARGV message    string

RETURN outcome version before
  1, version, 0         created
  2, version, before    replaced
  3, version, version   unchanged: the same body stood there
  4, 0, version         precondition-failed; 0 where there is no document
  5, 0, 0               too-many: there are as many as may be

COST O(1)
MEMORY grows
]]
-- @use lib/documents.lua
-- @use lib/precondition.lua
local documents = KEYS[1]
local name, body, if_match, most = ARGV[1], ARGV[2], ARGV[3], tonumber(ARGV[4])
local channel, message = ARGV[5], ARGV[6]

local stored = redis.call('HGET', documents, name)
local version, present = string.match(stored or '0 ', '^(%d+) (.*)$')
if not holds(if_match, stored and version or nil) then return { 4, 0, tonumber(version) } end
if stored and present == body then return { 3, tonumber(version), tonumber(version) } end
-- The hash holds the revision as well, so it may have one field more than there are documents.
if not stored and redis.call('HLEN', documents) > most then return { 5, 0, 0 } end

local new = next_revision(documents)
redis.call('HSET', documents, name, new .. ' ' .. body, ':revision', new)
redis.call('PUBLISH', channel, message)
return { stored and 2 or 1, tonumber(new), tonumber(version) }
