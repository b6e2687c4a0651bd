--[[
documents.write: store one document under a new version, if the precondition holds.

KEYS documents  hash    name -> "version body"; ":revision" -> the last version assigned; no expiry:
                        configuration lives until it is removed
ARGV name       string  without a colon
ARGV body       string  JSON
ARGV if_match   string  '' no condition, '*' must exist, 'none' must not exist, else the version
ARGV most       int     documents that may exist
ARGV channel    string  where the change is published
ARGV message    string

RETURN outcome version before
  1, version, 0         created
  2, version, before    replaced
  3, version, version   unchanged: it has the same body
  4, 0, version         precondition-failed; 0 if there is no document
  5, 0, 0               too-many

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
-- One field of the hash is the revision.
if not stored and redis.call('HLEN', documents) > most then return { 5, 0, 0 } end

local new = next_revision(documents)
redis.call('HSET', documents, name, new .. ' ' .. body, ':revision', new)
redis.call('PUBLISH', channel, message)
return { stored and 2 or 1, tonumber(new), tonumber(version) }
