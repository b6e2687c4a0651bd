-- What became of a delivery that a call settles.
local ACKED, RETRYING, DEAD, EXTENDED, RELEASED, STALE, GONE = 1, 2, 3, 4, 5, 6, 7
