-- Applies the writes of one commit, all or none. ARGV has them one after the other, each by its letter:
--   P key after digest used ends birth numbers tail issued scores owner name anchor state    put a session
--   S key after digest used ends numbers issued scores value               go on by a value, its state stays
--   T key after used ends                                                  renew its life
--   D key after                                                            delete it
--   A key until content                                                    keep an answer, unless one is kept already
--   W key revision until content                                           put a document
--   X key revision                                                         delete it
-- `after` is the digest that the session must have now, '' that there is none, '*' any; a document must have the
-- revision before. Gives the keys of those that have another one; nothing is written then.
local prefix, live, dropped = KEYS[1], KEYS[1] .. 'live', KEYS[1] .. 'dropped'
local length = {P = 15, S = 10, T = 5, D = 3, A = 4, W = 5, X = 3}

local function document(key)
  return prefix .. 'd:' .. key
end

local function session(key)
  return prefix .. 's:' .. key
end

local moved, i = {}, 1
while i <= #ARGV do
  local after = ARGV[i + 2]
  if ARGV[i] == 'W' or ARGV[i] == 'X' then
    if tonumber(redis.call('HGET', document(ARGV[i + 1]), 'revision') or '0') ~= tonumber(after) - 1 then
      moved[#moved + 1] = ARGV[i + 1]
    end
  elseif ARGV[i] ~= 'A' and after ~= '*' then
    local held = redis.call('HMGET', session(ARGV[i + 1]), 'digest', 'dropped')
    if (held[1] or '') ~= after or held[2] then
      moved[#moved + 1] = ARGV[i + 1]
    end
  end
  i = i + length[ARGV[i]]
end
if #moved > 0 then
  return moved
end

i = 1
while i <= #ARGV do
  local kind, key = ARGV[i], ARGV[i + 1]
  local name = session(key)
  if kind == 'P' then
    redis.call('HSET', name, 'digest', ARGV[i + 3], 'used', ARGV[i + 4], 'ends', ARGV[i + 5], 'birth', ARGV[i + 6],
      'numbers', ARGV[i + 7], 'tail', ARGV[i + 8], 'issued', ARGV[i + 9], 'scores', ARGV[i + 10], 'owner', ARGV[i + 11], 'name', ARGV[i + 12],
      'state', ARGV[i + 14])
    redis.call('HDEL', name, 'steps')
    if ARGV[i + 13] ~= '' then
      redis.call('HSET', name, 'anchor', ARGV[i + 13])
    else
      redis.call('HDEL', name, 'anchor')
    end
    if ARGV[i + 12] ~= '' then
      redis.call('ZREM', prefix .. 'n:', '\0' .. key)
    end
    redis.call('ZADD', prefix .. 'n:' .. ARGV[i + 11], 0, ARGV[i + 12] .. '\0' .. key)
    redis.call('ZADD', live, ARGV[i + 5], key)
    if redis.call('HDEL', name, 'dropped') == 1 then
      redis.call('ZREM', dropped, key)
    end
  elseif kind == 'S' then -- `live` follows when the housekeeping comes to it
    redis.call('HSET', name, 'digest', ARGV[i + 3], 'used', ARGV[i + 4], 'ends', ARGV[i + 5], 'numbers', ARGV[i + 6],
      'issued', ARGV[i + 7], 'scores', ARGV[i + 8], 'steps', (redis.call('HGET', name, 'steps') or '') .. ARGV[i + 9])
  elseif kind == 'T' then
    local held = redis.call('HMGET', name, 'ends', 'dropped')
    if held[1] then
      redis.call('HSET', name, 'used', ARGV[i + 3])
      if tonumber(ARGV[i + 4]) > tonumber(held[1]) then
        redis.call('HSET', name, 'ends', ARGV[i + 4])
        redis.call('ZADD', held[2] and dropped or live, ARGV[i + 4], key)
      end
    end
  elseif kind == 'D' then
    local whose = redis.call('HMGET', name, 'owner', 'name')
    if whose[1] then
      redis.call('ZREM', prefix .. 'n:' .. whose[1], whose[2] .. '\0' .. key)
    end
    redis.call('DEL', name)
    redis.call('ZREM', live, key)
    redis.call('ZREM', dropped, key)
  elseif kind == 'W' then
    redis.call('HSET', document(key), 'revision', ARGV[i + 2], 'until', ARGV[i + 3], 'content', ARGV[i + 4])
    redis.call('ZADD', prefix .. 'dkeys', 0, key)
    redis.call('ZADD', prefix .. 'dends', ARGV[i + 3], key)
  elseif kind == 'X' then
    redis.call('DEL', document(key))
    redis.call('ZREM', prefix .. 'dkeys', key)
    redis.call('ZREM', prefix .. 'dends', key)
  else
    redis.call('SET', prefix .. 'a:' .. key, ARGV[i + 3], 'NX', 'PXAT', ARGV[i + 2])
  end
  i = i + length[kind]
end
return {}
