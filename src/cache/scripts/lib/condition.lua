-- If-Match and If-None-Match: '' for none, '*' for any version, else versions, each between spaces.
-- Only what can be served counts: a miss, and what is known to be absent, has no version.

-- @use clock.lua

local function version_of(state, entry) return (state == 1 or state == 2) and entry.version or 0 end

local function is_named(list, version)
  return version > 0 and (list == '*' or string.find(list, ' ' .. digits(version) .. ' ', 1, true))
end

local function fits(version, match, none)
  if match ~= '' and not is_named(match, version) then return false end
  return not is_named(none, version)
end
