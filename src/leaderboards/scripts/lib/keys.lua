-- Keys of a board, built from the hash tag of the board key.
--
--   <season>:order     zset  bytes of all columns, sequence, id; all with score 0
--   <season>:places    hash  id -> bytes of all columns, sequence
--   <season>:metadata  hash  id -> JSON
--   <season>:client    hash  id -> last client sequence, kept for removed members
--   <season>:distinct  zset  bytes of all columns, all with score 0; dense ranks only
--   <season>:counts    hash  bytes of all columns -> number of members; dense ranks only
--   <season>:seen      zset  id, scored by its last submission in ms; with a memberTtlMs only

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
