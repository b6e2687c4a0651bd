-- Keys of a board. They are built from the tag of the board's own key.
--
--   <season>:order     zset  bytes of all columns, sequence, id; all with score 0
--   <season>:places    hash  id -> bytes of all columns, sequence
--   <season>:metadata  hash  id -> JSON
--   <season>:client    hash  id -> last client sequence, also of members that are gone
--   <season>:distinct  zset  bytes of all columns, all with score 0; dense ranks only
--   <season>:counts    hash  bytes of all columns -> members with them; dense ranks only
--   <season>:seen      zset  id by its last submission in ms; while there is a memberTtlMs

local PARTS = { 'order', 'places', 'metadata', 'client', 'distinct', 'counts', 'seen' }

local function season_keys(board_key, id)
  local base, keys = string.match(board_key, '^[^}]*}') .. ':' .. id .. ':', {}
  for _, part in ipairs(PARTS) do keys[part] = base .. part end
  return keys
end

local function hidden_key(board_key)
  return string.match(board_key, '^[^}]*}') .. ':hidden'
end

local function seasons_key(board_key)
  return string.match(board_key, '^[^}]*}') .. ':seasons'
end
