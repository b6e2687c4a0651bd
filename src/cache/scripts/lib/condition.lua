-- If-Match and If-None-Match with a semicolon between them: each '' for none, '*' for any version, or
-- versions, each between spaces. '' for no condition at all. Only a value that can be served has a
-- version: a miss and a negative entry have none.

-- @use clock.lua

local function version_of(state, entry) return (state == 1 or state == 2) and entry.version or 0 end

local function is_named(list, version)
  return version > 0 and (list == '*' or string.find(list, ' ' .. digits(version) .. ' ', 1, true))
end

local function fits(version, condition)
  if condition == '' then return true end
  local match, none = string.match(condition, '^(.*);(.*)$')
  if match ~= '' and not is_named(match, version) then return false end
  return not is_named(none, version)
end
