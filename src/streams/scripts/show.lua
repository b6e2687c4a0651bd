--[[
streams.show: what a stream holds.

KEYS meta           hash    of the stream, see lib/stream.lua
ARGV settings       string  see lib/stream.lua

RETURN exists length bytes appended oldest newest
  length  at most: entries that are too old count no more, those deleted among the others may
  ids are '' without entries

COST O(1)
]]
-- @use lib/stream.lua
local stream = open(KEYS[1], ARGV[1])

local _, gone_n = parse_id(gone_of(stream))
local oldest = redis.call('XRANGE', stream.log, id_of(stream.old_ms + 1, 0), '+', 'COUNT', 1)[1]
local newest = redis.call('XREVRANGE', stream.log, '+', id_of(stream.old_ms + 1, 0), 'COUNT', 1)[1]
local length = oldest and math.min(redis.call('XLEN', stream.log), stream.n - gone_n) or 0
local exists = stream.exists or redis.call('EXISTS', stream.groups) == 1
return { exists and 1 or 0, length, oldest and stream.bytes or 0, stream.n,
  oldest and oldest[1] or '', newest and newest[1] or '' }
