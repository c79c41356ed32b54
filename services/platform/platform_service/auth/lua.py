"""The two steps of a session that must be atomic, as Redis runs them."""

from typing import Final

# KEYS: session, index of the user's sessions. ARGV: session id, user id, epoch, hash, family key, user agent, now ms,
# lifetime s. Answers the tag of the token.
OPEN: Final = """
redis.call('HSET', KEYS[1], 'user', ARGV[2], 'epoch', ARGV[3], 'current', ARGV[4], 'family', ARGV[5],
           'agent', ARGV[6], 'created', ARGV[7], 'used', ARGV[7], 'index', KEYS[2], 'id', ARGV[1])
redis.call('EXPIRE', KEYS[1], ARGV[8])
local seconds = math.floor(tonumber(ARGV[7]) / 1000)
redis.call('ZREMRANGEBYSCORE', KEYS[2], '-inf', seconds)
redis.call('ZADD', KEYS[2], seconds + tonumber(ARGV[8]), ARGV[1])
redis.call('EXPIRE', KEYS[2], ARGV[8])
return string.sub(redis.sha1hex(ARGV[5] .. ARGV[4]), 1, 20)
"""

# KEYS: session. ARGV: hash of the token, its tag, hash of the successor, wrapped successor, now ms, grace ms,
# lifetime s. Answers {outcome, user id, epoch, tag of the successor, wrapped successor}.
ROTATE: Final = """
local s = redis.call('HMGET', KEYS[1], 'user', 'epoch', 'current', 'previous', 'wrapped', 'rotated', 'family', 'index',
                     'id')
if not s[1] then return {'unknown'} end
local function tag(hash) return string.sub(redis.sha1hex(s[7] .. hash), 1, 20) end
local now = tonumber(ARGV[5])
if ARGV[1] == s[3] then
  redis.call('HSET', KEYS[1], 'previous', ARGV[1], 'current', ARGV[3], 'wrapped', ARGV[4], 'rotated', ARGV[5],
             'used', ARGV[5])
  redis.call('EXPIRE', KEYS[1], ARGV[7])
  redis.call('ZADD', s[8], math.floor(now / 1000) + tonumber(ARGV[7]), s[9])
  redis.call('EXPIRE', s[8], ARGV[7])
  return {'rotated', s[1], s[2], tag(ARGV[3]), ARGV[4]}
end
if ARGV[1] == s[4] and now - tonumber(s[6]) <= tonumber(ARGV[6]) then
  return {'rotated', s[1], s[2], tag(s[3]), s[5]}
end
if ARGV[2] ~= tag(ARGV[1]) then return {'unknown'} end
redis.call('DEL', KEYS[1])
redis.call('ZREM', s[8], s[9])
return {'reused'}
"""
