--[[
cache.fields: read fields of an object, or the count of a counter.

KEYS clock       zset    clk, epoch, run and marks of the partition
KEYS entry       string  see lib/entry.lua
KEYS values      hash    see lib/values.lua
ARGV on_restart  string  keep, soft or flush, and the epoch of a new clock
ARGV space       string
ARGV kind        int     1 counter, 2 object
ARGV idle_ms     int     longest time without use, 0 for none
ARGV names[]     string  none for all fields

RETURN outcome version ttl_ms field value...
  1 found; a name and its value for each field that is there
  2 miss: nothing is there
  3 kind-mismatch: the key holds another kind, with its number as version

COST O(names), or O(fields) of the object
]]
-- @use lib/partition.lua
-- @use lib/verdict.lua
local clock_key, entry_key, values_key = KEYS[1], KEYS[2], KEYS[3]
local on_restart, space = ARGV[1], ARGV[2]
local kind, idle_ms = tonumber(ARGV[3]), tonumber(ARGV[4])
local FIRST_NAME = 5

local clock = read_clock(clock_key, space, on_restart)
local entry = read_entry(entry_key)
local state, logical = judge(entry, clock, space, idle_ms)
if state ~= 1 and state ~= 2 then
  drop_dead(entry)
  return { 2, 0, 0 }
end
if entry.kind ~= kind then return { 3, entry.kind, 0 } end

local answer = { 1, entry.version, ms(logical - now_us) }
if #ARGV < FIRST_NAME then
  local all = redis.call('HGETALL', values_key)
  for i = 1, #all, 2 do
    if all[i] ~= '' then
      answer[#answer + 1] = all[i]
      answer[#answer + 1] = all[i + 1]
    end
  end
else
  local names = { unpack(ARGV, FIRST_NAME) }
  for i, value in ipairs(redis.call('HMGET', values_key, unpack(names))) do
    if value then
      answer[#answer + 1] = names[i]
      answer[#answer + 1] = value
    end
  end
end
note_use(entry, idle_ms)
return answer
