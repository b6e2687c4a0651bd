--[[
locks.remove-capacity: delete the stored capacity of a semaphore, if the precondition holds. Leases and
waiters go on under the capacity in use.

KEYS lock         hash    the semaphore
ARGV if_match     string  '' no condition, '*' must exist, 'none' must not exist, else the version

RETURN outcome version
  1, version   removed
  2, 0         missing
  3, version   precondition-failed; 0 where none is stored

COST O(log n)
]]
-- @use lib/save.lua
-- @use ../../redis/scripts/lib/precondition.lua
local lock_key, if_match = KEYS[1], ARGV[1]
local call = begin(lock_key, 0, 0)
local lock = open_lock(call, name_of(call, lock_key))
local version = redis.call('HGET', part(lock, 'capacity'), 'version') or nil
if not holds(if_match, version) then return { 3, tonumber(version or 0) } end
if not version then return { 2, 0 } end
redis.call('DEL', part(lock, 'capacity'))
if lock.listed ~= 'semaphores' then unlist(lock, 'semaphores') end
return { 1, tonumber(version) }
