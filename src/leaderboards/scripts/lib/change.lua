-- The score that results from a stored score and a submitted entry.
-- @use order.lua

local CHANGED, UNCHANGED, OUT_OF_RANGE, STALE = 1, 0, 2, 3

-- memcmp of columns of the same length: true if left sorts before right.
local function before(left, right)
  for at = 1, #left, 4 do
    local a, b = struct.unpack('>I4', left, at), struct.unpack('>I4', right, at)
    if a ~= b then return a < b end
  end
  return false
end

-- "min max" of every column, '-' for none.
local function within_bounds(board, bounds, bytes)
  local at = 0
  for minimum, maximum in string.gmatch(bounds, '(%S+) (%S+)') do
    at = at + 1
    local column = board.columns[at]
    local value = string.sub(bytes, at * 8 - 7, at * 8)
    local low, high = minimum, maximum
    if string.byte(column, 2) == 100 then low, high = maximum, minimum end
    if low ~= '-' and before(value, encode(column, low)) then return false end
    if high ~= '-' and before(encode(column, high), value) then return false end
  end
  return true
end

-- One column by its own operation; nil if a sum leaves the range.
local function combine(column, op, old, new)
  if op == 'incr' then return add(column, old, new) end
  if op == 'set' then return new end
  local more = string.byte(column, 2) == 100
  local is_better = before(new, old)
  if op == 'best' or (op == 'max') == more then return is_better and new or old end
  return is_better and old or new
end

-- The columns after "op op ..." (one per column). best compares all columns as one tuple, so that no
-- combination is stored that was never submitted.
local function apply(board, ops, old, new)
  if not old then return new end
  if ops == 'best' then return before(new, old) and new or old end
  local parts, at = {}, 0
  for op in string.gmatch(ops, '%S+') do
    at = at + 1
    local first, last = at * 8 - 7, at * 8
    local part = combine(board.columns[at], op, string.sub(old, first, last), string.sub(new, first, last))
    if not part then return nil end
    parts[at] = part
  end
  return table.concat(parts)
end
