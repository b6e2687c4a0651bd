--[[
documents.read: return all documents of one kind and namespace, if they changed.

KEYS documents  hash  name -> "version body"; ":revision" -> the last version assigned
ARGV known      int   the revision that the caller has; -1 for none

RETURN revision, then name version body of each document; the revision alone if nothing changed

COST O(1) if nothing changed, else O(documents), which documents.write bounds
]]
local documents = KEYS[1]
local known = ARGV[1]

local revision = redis.call('HGET', documents, ':revision') or '0'
if revision == known then return { tonumber(revision) } end

local reply = { tonumber(revision) }
local fields = redis.call('HGETALL', documents)
for i = 1, #fields, 2 do
  if fields[i] ~= ':revision' then
    local version, body = string.match(fields[i + 1], '^(%d+) (.*)$')
    reply[#reply + 1] = fields[i]
    reply[#reply + 1] = tonumber(version)
    reply[#reply + 1] = body
  end
end
return reply
