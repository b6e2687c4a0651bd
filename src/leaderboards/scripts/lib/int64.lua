-- An int64 as two halves of 32 bits, each of which a double holds exactly.

local WORD, SIGN = 4294967296, 2147483648

-- The halves of an int64 from its decimal text, plus 2^63 so that they sort unsigned. Chunks of six
-- digits keep every product below 2^53.
local function int64_halves(text)
  local sign, digits = string.match(text, '^(-?)(%d+)$')
  local hi, lo = 0, 0
  for at = 1, #digits, 6 do
    local chunk = string.sub(digits, at, at + 5)
    local scale = 10 ^ #chunk
    lo = lo * scale + tonumber(chunk, 10)
    hi = hi * scale + math.floor(lo / WORD)
    lo = lo % WORD
  end
  if sign == '' then return hi + SIGN, lo end
  return SIGN - hi - (lo > 0 and 1 or 0), (WORD - lo) % WORD
end

local function int64_text(hi, lo)
  local sign = ''
  if hi >= SIGN then
    hi = hi - SIGN
  else
    sign = '-'
    hi, lo = SIGN - hi - (lo > 0 and 1 or 0), (WORD - lo) % WORD
  end
  local chunks = ''
  while hi > 0 or lo >= 1000000 do
    local rest = (hi % 1000000) * WORD + lo
    hi, lo = math.floor(hi / 1000000), math.floor(rest / 1000000)
    chunks = string.format('%06d', rest % 1000000) .. chunks
  end
  local text = string.gsub(string.format('%d', lo) .. chunks, '^0+(%d)', '%1')
  return sign .. text
end
