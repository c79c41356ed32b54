"""What Redis does in one step for the second tier. All keys of a cache are in one slot of a cluster.

Each script that stores something stores a bounded amount, whatever clients request: all entries together take at most
the cache's share of Redis, and the record of requested keys has a fixed size. Only writes make tag versions; a tag
without one was not written for VERSION_MS, and no entry lives that long.
"""

from __future__ import annotations

from typing import Final

# KEYS: entry, lock, record, the tags' versions with EVERYTHING's first. ARGV: token, ms of a lock, of a version, until
# a tag has settled; where in the record the key's mark belongs, the mark, empty where it does not matter.
# Answers {versions, entry, locked, settled, asked for before}.
FIND: Final = """
local versions, settled = {}, 1
for i = 4, #KEYS do
    local version = redis.call('GET', KEYS[i])
    if not version and i == 4 then
        version = ARGV[1]
        redis.call('SET', KEYS[i], version, 'PX', ARGV[3])
    end
    if version and redis.call('PTTL', KEYS[i]) > ARGV[3] - ARGV[4] then settled = 0 end
    versions[#versions + 1] = version or ''
end
local prefix = table.concat(versions, ',') .. '\\n'
local stored = redis.call('GET', KEYS[1])
if stored and string.sub(stored, 1, #prefix) == prefix then
    return {prefix, string.sub(stored, #prefix + 1), 0, settled, 1}
end
local before = 1
if ARGV[6] ~= '' and redis.call('GETRANGE', KEYS[3], ARGV[5], ARGV[5] + #ARGV[6] - 1) ~= ARGV[6] then
    redis.call('SETRANGE', KEYS[3], ARGV[5], ARGV[6])
    before = 0
end
local locked = redis.call('SET', KEYS[2], ARGV[1], 'NX', 'PX', ARGV[2])
return {prefix, false, locked and 1 or 0, settled, before}
"""

# KEYS: entry, lock, index (entries by when they expire), sizes, the tags' versions. ARGV: token, versions, content,
# its ms, what it costs, the share in bytes, ms after which an index that nobody touches is gone. Answers 0 when a tag
# was written meanwhile. Room is made by the entries that expire first, of expired ones a few at a time. An entry that
# expires by itself is counted until it comes off the index: the sum is never too small. By its first line Redis refuses
# the script while its memory is full: sessions and events come before.
STORE: Final = """#!lua
if redis.call('GET', KEYS[2]) == ARGV[1] then redis.call('DEL', KEYS[2]) end
local versions = {}
for i = 5, #KEYS do versions[#versions + 1] = redis.call('GET', KEYS[i]) or '' end
if table.concat(versions, ',') .. '\\n' ~= ARGV[2] then return 0 end
local now = redis.call('TIME')
now = now[1] * 1000 + math.floor(now[2] / 1000)
local cost, share = tonumber(ARGV[5]), tonumber(ARGV[6])
local sum = tonumber(redis.call('HGET', KEYS[4], 'sum') or 0)
local function forget(key)
    sum = sum - tonumber(redis.call('HGET', KEYS[4], key) or 0)
    redis.call('HDEL', KEYS[4], key)
    redis.call('ZREM', KEYS[3], key)
    redis.call('DEL', key)
end
forget(KEYS[1])
for i = 1, 2000 do
    local first = redis.call('ZRANGE', KEYS[3], 0, 0, 'WITHSCORES')
    local expired = first[1] and tonumber(first[2]) <= now and i <= 20
    if not first[1] or not (expired or sum + cost > share) then break end
    forget(first[1])
end
if sum + cost <= share then
    redis.call('SET', KEYS[1], ARGV[2] .. ARGV[3], 'PX', ARGV[4])
    redis.call('ZADD', KEYS[3], now + ARGV[4], KEYS[1])
    redis.call('HSET', KEYS[4], KEYS[1], cost)
    sum = sum + cost
end
redis.call('HSET', KEYS[4], 'sum', sum)
redis.call('PEXPIRE', KEYS[3], ARGV[7])
redis.call('PEXPIRE', KEYS[4], ARGV[7])
return 1
"""

# KEYS: lock. ARGV: token.
RELEASE: Final = "if redis.call('GET', KEYS[1]) == ARGV[1] then redis.call('DEL', KEYS[1]) end"

# KEYS: the tags' versions. ARGV: the new version, its ms, channel, message. Also while memory is full: otherwise others
# would go on serving what a write has replaced.
BUMP: Final = """#!lua flags=allow-oom
for i = 1, #KEYS do redis.call('SET', KEYS[i], ARGV[1], 'PX', ARGV[2]) end
redis.call('PUBLISH', ARGV[3], ARGV[4])
"""
