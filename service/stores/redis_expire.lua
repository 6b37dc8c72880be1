-- A small part of the housekeeping. ARGV: sessions end that expire until then; tombstones go that expired until then;
-- how many of both at most. Documents go whose time is over. Gives how many ended, how many went, 0, and how many
-- documents went.
local prefix, live, dropped = KEYS[1], KEYS[1] .. 'live', KEYS[1] .. 'dropped'
local limit = tonumber(ARGV[3])

local ended, renewed = 0, 0
local due = redis.call('ZRANGEBYSCORE', live, '-inf', ARGV[1], 'LIMIT', 0, limit)
while #due > 0 and renewed < 20 * limit do
  for _, key in ipairs(due) do
    local name = prefix .. 's:' .. key
    local ends = redis.call('HGET', name, 'ends')
    if ends and tonumber(ends) > tonumber(ARGV[1]) then -- observations have renewed its life
      redis.call('ZADD', live, ends, key)
      renewed = renewed + 1
    else
      redis.call('ZREM', live, key)
      ended = ended + 1
      if ends then -- else somebody deleted it by hand
        redis.call('HDEL', name, 'state', 'anchor', 'steps')
        redis.call('HSET', name, 'dropped', '1', 'tail', '', 'issued', '')
        redis.call('ZADD', dropped, ends, key)
      end
    end
  end
  due = redis.call('ZRANGEBYSCORE', live, '-inf', ARGV[1], 'LIMIT', 0, limit - ended)
end

local gone = redis.call('ZRANGEBYSCORE', dropped, '-inf', ARGV[2], 'LIMIT', 0, limit - ended)
for _, key in ipairs(gone) do
  local whose = redis.call('HMGET', prefix .. 's:' .. key, 'owner', 'name')
  if whose[1] then
    redis.call('ZREM', prefix .. 'n:' .. whose[1], whose[2] .. '\0' .. key)
  end
  redis.call('DEL', prefix .. 's:' .. key)
  redis.call('ZREM', dropped, key)
end

local over = redis.call('ZRANGEBYSCORE', prefix .. 'dends', '-inf', ARGV[1], 'LIMIT', 0, limit)
for _, key in ipairs(over) do
  redis.call('DEL', prefix .. 'd:' .. key)
  redis.call('ZREM', prefix .. 'dkeys', key)
  redis.call('ZREM', prefix .. 'dends', key)
end
return {ended, #gone, 0, #over}
