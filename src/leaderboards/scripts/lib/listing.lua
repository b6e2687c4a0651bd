-- The list of the boards of a namespace, and when each of them is looked at again.

-- recheck_in_ms: '' for no further one; new_recheck_in_ms: the same for a board that was not listed.
local function note(registry_key, rechecks_key, board, listed, recheck_in_ms, new_recheck_in_ms)
  if listed == '0' then redis.call('ZREM', registry_key, board) end
  if listed == '1' and redis.call('ZADD', registry_key, 0, board) == 1 then recheck_in_ms = new_recheck_in_ms end
  if recheck_in_ms == '' then return end
  local at_ms = math.floor(now_us / 1000) + tonumber(recheck_in_ms)
  redis.call('ZADD', rechecks_key, string.format('%.0f', at_ms), board)
end
