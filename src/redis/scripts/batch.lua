--[[
redis.batch: run many calls of one script in one EVALSHA.

The binder inserts the libraries and the body of a script at the @ marks. A script is written for a
single call: it sees its own KEYS and ARGV, run_id, and the time of the batch, as now_us, which tests
move, and as server_us, the time of the server alone.

KEYS               the keys of all calls, call by call; then, for scripts with a library that is marked
                   @whole, one that never exists: a Cluster refuses the batch while its slot moves
ARGV clock_us      int     added to the time of the server; 0 outside of tests
ARGV run_id        string  of the server; '' if the caller does not know it
ARGV reply_bytes   int     after this many bytes of replies no further call is run
ARGV grows         0 or 1  1: a full Redis refuses the whole batch before anything is written
ARGV calls         per call: number of keys; number of arguments, and the arguments; or, instead of
                   the number, '=' and a digit per argument: 1 as in the call before, 0 follows

RETURN status and reply of each call that was run, in order
  1, reply   the return value of the body
  0, error   the error of the body, as text; the other calls are not affected
  -1, error  the only entry: the batch was refused, no call was run

COST the sum of its calls
]]
local time = redis.call('TIME')
local server_us = tonumber(time[1]) * 1000000 + tonumber(time[2])
local now_us = server_us + tonumber(ARGV[1])
local run_id, reply_bytes = ARGV[2], tonumber(ARGV[3])

-- @libraries

local function run(KEYS, ARGV)
-- @body
end

-- Redis checks its memory only until the first write of a script. In a batch the first UNLINK would
-- let every later call write, so scripts that grow begin with a write that changes nothing.
if ARGV[4] == '1' then
  local tag = string.match(KEYS[1], '^[^}]*}')
  local refused = redis.pcall('SETRANGE', tag .. ':guard', 0, '')
  if type(refused) == 'table' and refused.err then return { -1, refused.err } end
end

local function slice(list, first, count)
  return { unpack(list, first, first + count - 1) }
end

-- The arguments of the call that begins at `at`, and the position of the next call.
local function arguments(at, before)
  local form = ARGV[at + 1]
  local count = tonumber(form)
  if count then return slice(ARGV, at + 2, count), at + 2 + count end
  local args = {}
  at = at + 2
  for i = 2, #form do
    if string.byte(form, i) == 49 then args[i - 1] = before[i - 1]
    else args[i - 1] = ARGV[at]; at = at + 1 end
  end
  return args, at
end

local replies, at, key, bytes, args = {}, 5, 1, 0, nil
while ARGV[at] and bytes <= reply_bytes do
  local keys = tonumber(ARGV[at])
  args, at = arguments(at, args)
  local ran, reply = pcall(run, slice(KEYS, key, keys), args)
  if ran and type(reply) == 'table' and not reply.err then
    for i = 1, #reply do
      if type(reply[i]) == 'string' then bytes = bytes + #reply[i] end
    end
    replies[#replies + 1] = 1
  else
    -- An error table inside a reply would reach the client as an empty object.
    if type(reply) == 'table' then reply = reply.err end
    reply = tostring(reply)
    replies[#replies + 1] = 0
  end
  replies[#replies + 1] = reply
  key = key + keys
end
return replies
