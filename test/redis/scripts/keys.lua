--[[
test.keys: answers how many keys it was given.

KEYS key[]    string  any keys

RETURN the number of keys

COST O(1)
]]
return { #KEYS }
