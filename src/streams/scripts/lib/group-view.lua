-- @use delivery.lua
-- @use group.lua

-- Appends what callers see of a group to a reply: name, visibility_ms, max_failures, position, lag,
-- leased, ready, oldest_ms, trimmed, dropped, dead. `oldest_ms`: since the delivery began whose
-- visibility ends first, -1 without one.
local function append_group(reply, stream, group)
  skip_trimmed(stream, group)
  local _, last_n = parse_id(group.last)
  local now = string.format('%.0f', now_us)
  local leased, oldest_ms = redis.call('ZCOUNT', group.leased, '(' .. now, '+inf'), -1
  local first = redis.call('ZRANGEBYSCORE', group.leased, '(' .. now, '+inf', 'LIMIT', 0, 1)[1]
  if first then oldest_ms = math.max(0, math.floor((now_us - read_delivery(group, first).began_us) / 1000)) end
  local fields = { group.name, group.visibility_ms, group.max_failures, group.last, stream.n - last_n, leased,
    redis.call('ZCARD', group.leased) - leased, oldest_ms, group.trimmed, group.dropped, redis.call('ZCARD', group.dead) }
  for _, field in ipairs(fields) do reply[#reply + 1] = field end
end
