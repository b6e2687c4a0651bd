--[[
cache.warming-note: what a warming has done so far, which is its sign of life as well.

KEYS record   hash    state (running, done, failed, cancelled), total loaded skipped failed, errors (JSON), and
                      started seen finished (ms); kept a day after its last change
ARGV step     int     0 it begins; 1 it goes on; 2 it is done; 3 it failed
ARGV total    int
ARGV loaded   int
ARGV skipped  int
ARGV failed   int
ARGV errors   string  JSON

RETURN outcome
  1 running
  2 done
  3 failed
  4 stopped: a caller cancelled it, or its record was lost

COST O(1)
MEMORY grows
]]
local record, step = KEYS[1], tonumber(ARGV[1])
local total, loaded, skipped, failed, errors = ARGV[2], ARGV[3], ARGV[4], ARGV[5], ARGV[6]
local KEPT_MS = 86400 * 1000
local now_ms = string.format('%d', math.floor(now_us / 1000))

-- First, because a full Redis lets the script write only after a command that takes no memory.
if step > 0 and redis.call('PEXPIRE', record, KEPT_MS) == 0 then return { 4 } end
local state = step == 0 and 'running' or redis.call('HGET', record, 'state')
redis.call('HSET', record, 'total', total, 'loaded', loaded, 'skipped', skipped, 'failed', failed,
  'errors', errors, 'seen', now_ms)
if step == 0 then
  redis.call('HSET', record, 'state', state, 'started', now_ms)
  redis.call('PEXPIRE', record, KEPT_MS)
end
if state ~= 'running' then return { 4 } end
if step < 2 then return { 1 } end
redis.call('HSET', record, 'state', step == 2 and 'done' or 'failed', 'finished', now_ms)
return { step }
