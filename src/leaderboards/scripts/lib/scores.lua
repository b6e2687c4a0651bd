-- The scores and the sequence of an entry, as bytes and as text.
-- @use order.lua

-- The bytes of all columns of "score score ...".
local function encode_scores(board, text)
  local parts, at = {}, 0
  for score in string.gmatch(text, '%S+') do
    at = at + 1
    parts[at] = encode(board.columns[at], score)
  end
  return table.concat(parts)
end

local function decode_scores(board, bytes)
  local parts = {}
  for at, column in ipairs(board.columns) do
    parts[at] = decode(column, string.sub(bytes, at * 8 - 7, at * 8))
  end
  return table.concat(parts, ' ')
end

-- Six bytes hold 2^48 changes of one board.
local function encode_sequence(board, sequence)
  if board.ties == 'id' then return '' end
  if board.ties == 'last' then sequence = 281474976710655 - sequence end
  return struct.pack('>I2I4', math.floor(sequence / WORD), sequence % WORD)
end

local function decode_sequence(board, prefix)
  if board.ties == 'id' then return '0' end
  local hi, lo = struct.unpack('>I2I4', string.sub(prefix, board.column_bytes + 1))
  local sequence = hi * WORD + lo
  if board.ties == 'last' then sequence = 281474976710655 - sequence end
  return string.format('%.0f', sequence)
end

local function columns_of(board, prefix)
  return string.sub(prefix, 1, board.column_bytes)
end
