-- The exact order of a board as bytes: the better of two members has the smaller bytes, by memcmp, for
-- any int64 and any finite double. Never compare strings with <, which depends on the server's locale.
-- A column is two letters: i (int64) or n (number), then d (more is better) or a (less is better).
-- @use int64.lua

-- IEEE 754 sorts unsigned after flipping the sign of positive numbers and all bits of negative ones.
local function number_halves(value)
  local hi, lo = struct.unpack('>I4I4', struct.pack('>d', value + 0))
  if hi >= SIGN then return WORD - 1 - hi, WORD - 1 - lo end
  return hi + SIGN, lo
end

local function halves_number(hi, lo)
  if hi >= SIGN then hi = hi - SIGN else hi, lo = WORD - 1 - hi, WORD - 1 - lo end
  return (struct.unpack('>d', struct.pack('>I4I4', hi, lo)))
end

-- The halves in ascending order, from the eight bytes of a column, and back.
local function halves_of(column, bytes)
  local hi, lo = struct.unpack('>I4I4', bytes)
  if string.byte(column, 2) == 100 then return WORD - 1 - hi, WORD - 1 - lo end
  return hi, lo
end

local function bytes_of(column, hi, lo)
  if string.byte(column, 2) == 100 then hi, lo = WORD - 1 - hi, WORD - 1 - lo end
  return struct.pack('>I4I4', hi, lo)
end

local function encode(column, text)
  if string.byte(column) == 105 then return bytes_of(column, int64_halves(text)) end
  return bytes_of(column, number_halves(tonumber(text)))
end

local function decode(column, bytes)
  local hi, lo = halves_of(column, bytes)
  if string.byte(column) == 105 then return int64_text(hi, lo) end
  return string.format('%.17g', halves_number(hi, lo))
end

-- The sum of two values of a column; nil if it leaves the range.
local function add(column, left, right)
  local left_hi, left_lo = halves_of(column, left)
  local right_hi, right_lo = halves_of(column, right)
  if string.byte(column) == 105 then
    local lo = left_lo + right_lo
    local hi = left_hi + right_hi - SIGN + math.floor(lo / WORD)
    if hi < 0 or hi >= WORD then return nil end
    return bytes_of(column, hi, lo % WORD)
  end
  local sum = halves_number(left_hi, left_lo) + halves_number(right_hi, right_lo)
  if sum - sum ~= 0 then return nil end
  return bytes_of(column, number_halves(sum))
end
