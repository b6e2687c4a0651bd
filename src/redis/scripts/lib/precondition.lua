-- Whether a precondition ('' none, '*' must exist, 'none' must not exist, else a version) holds for a
-- version; nil if there is none.
local function holds(if_match, version)
  if if_match == '' then return true end
  if if_match == 'none' then return version == nil end
  if if_match == '*' then return version ~= nil end
  return version == if_match
end
