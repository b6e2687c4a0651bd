--[[
locks.session-open: open a session, whose leases live as long as it is kept alive.

KEYS session         hash    the new session; other keys are built from its tag
ARGV id              string  of the session, public: derived from the token
ARGV token           string  its secret, made by the service; kept for a repeat alone
ARGV ttl_ms          int     how long it lives without a keepalive
ARGV metadata        JSON    shown with its leases, '' for none
ARGV digest?         string  digest of the idempotency key
ARGV fingerprint?    string  of the request
ARGV record_ttl_ms?  int     how long the request is remembered

RETURN outcome token left
  1, token, left   opened
  2, token, left   replayed: opened before, by a request with the same key
  3, '', 0         conflict: the idempotency key belongs to another request
  4, '', 0         session-ended: the session that was opened with this key is over

COST O(1)
MEMORY grows
]]
-- @use lib/session.lua
local id, token, ttl_ms, metadata = ARGV[1], ARGV[2], tonumber(ARGV[3]), ARGV[4]
local digest, fingerprint, record_ttl_ms = ARGV[5], ARGV[6], tonumber(ARGV[7])
local call = begin(KEYS[1], 0, 0)
local record_key = call.prefix .. 'idempotency:' .. digest

local known = digest ~= '' and redis.call('GET', record_key)
if known then
  local before, known_id, known_token = string.match(known, '^(%S+) (%S+) (%S+)$')
  if before ~= fingerprint then return { 3, '', 0 } end
  local ends = read_session(call, known_id).ends
  if is_over(call, known_id) then return { 4, '', 0 } end
  return { 2, known_token, ms_left(ends) }
end

redis.call('HSET', KEYS[1], 'ttl_ms', ttl_ms, 'metadata', metadata)
write_end(call, id, now_us + ttl_ms * 1000)
redis.call('PEXPIRE', KEYS[1], ttl_ms + KEEP_MS)
list_session(call, id)
if digest ~= '' then
  local record = fingerprint .. ' ' .. id .. ' ' .. token
  redis.call('SET', record_key, record, 'PX', record_ttl_ms)
end
return { 1, token, ttl_ms }
