-- A session that ends on purpose ends before the deadlines noted at its locks. Each of them has to be
-- looked at now, by whoever comes first: the caller may not live to do it.
-- @use session.lua
local function note_end(call, id)
  local timers = {}
  for _, member in ipairs(redis.call('ZRANGE', session_leases(call, id), 0, -1)) do
    local token, name = string.sub(member, 1, 22), string.sub(member, 23)
    local key = call.prefix .. 'lock:' .. name
    local sole, carried = unpack(redis.call('HMGET', key, 'sole', '>' .. token))
    if carried then
      redis.call('HSET', key, 'due', now_us)
      if sole ~= token then redis.call('ZADD', call.prefix .. 'holders:' .. name, now_us, token) end
    end
    timers[#timers + 1] = now_us
    timers[#timers + 1] = name
  end
  if #timers > 0 then redis.call('ZADD', call.prefix .. 'timers', 'LT', unpack(timers)) end
end
