--[[
cache.warming-read: how far a warming is; cancels it where the caller wants that.

KEYS record     hash    see warming-note.lua
ARGV cancels    0 or 1  1: a warming that is running is cancelled
ARGV silent_ms  int     after so long without a sign of life the process that ran it is gone

RETURN outcome total loaded skipped failed started finished errors
  0 none: there is no such warming
  1 running
  2 done
  3 cancelled
  4 interrupted
  5 failed
  started, finished  ms since 1970, 0 where it is running
  errors             JSON

COST O(1)
]]
local record, cancels, silent_ms = KEYS[1], ARGV[1] == '1', tonumber(ARGV[2])
local STATES = { running = 1, done = 2, cancelled = 3, failed = 5 }
local INTERRUPTED = 4

local f = redis.call('HMGET', record, 'state', 'total', 'loaded', 'skipped', 'failed', 'started', 'finished',
  'errors', 'seen')
if not f[1] then return { 0 } end
local state, finished, seen = STATES[f[1]], tonumber(f[7] or 0), tonumber(f[9])
local now_ms = math.floor(now_us / 1000)
if state == 1 and now_ms - seen > silent_ms then
  state, finished = INTERRUPTED, seen
elseif state == 1 and cancels then
  state, finished = 3, now_ms
  redis.call('HSET', record, 'state', 'cancelled', 'finished', string.format('%d', now_ms))
end
return { state, tonumber(f[2]), tonumber(f[3]), tonumber(f[4]), tonumber(f[5]), tonumber(f[6]), finished, f[8] }
