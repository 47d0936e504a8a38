"""What Redis does in one step, in Lua."""

from typing import Final

# Takes KEYS that are free with the mark ARGV[1]; answers what is in those that are not.
TAKE: Final = """
local found = {}
for i, key in ipairs(KEYS) do
  found[i] = redis.call('GET', key)
  if not found[i] then redis.call('SET', key, ARGV[1], 'PX', ARGV[2]) end
end
return found
"""
# Puts into each key, if it still holds what is expected: ARGV has expected, new, milliseconds per
# key; new is empty where the key is to be freed.
SWAP: Final = """
for i, key in ipairs(KEYS) do
  local expected, new, life = unpack(ARGV, i * 3 - 2, i * 3)
  if redis.call('GET', key) == expected then
    if new == '' then redis.call('DEL', key) else redis.call('SET', key, new, 'PX', life) end
  end
end
"""

# A suspended key holds "s" and, for each writer, the writer's mark (16 bytes) and the time of its
# end (13 digits, milliseconds). `others` are the writers but one whose time is not over.
_SUSPENSIONS: Final = """
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local function others(key, mark)
  local held, rest = redis.call('GET', key), ''
  if held and held:sub(1, 1) == 's' then
    for at = 2, #held, 29 do
      local ends = tonumber(held:sub(at + 16, at + 28))
      if held:sub(at, at + 15) ~= mark and ends > now then rest = rest .. held:sub(at, at + 28) end
    end
  end
  return rest
end
"""
# Has KEYS suspended under the mark ARGV[1] for ARGV[2] milliseconds, whatever they hold.
SUSPEND: Final = f"""{_SUSPENSIONS}
local own = ARGV[1] .. string.format('%013.0f', now + ARGV[2])
for _, key in ipairs(KEYS) do
  redis.call('SET', key, 's' .. others(key, ARGV[1]) .. own, 'PX', ARGV[2])
end
"""
# Frees each key, but for suspensions under other marks than the one that ARGV has for it.
RELEASE: Final = f"""{_SUSPENSIONS}
for i, key in ipairs(KEYS) do
  local rest = others(key, ARGV[i])
  if rest == '' then
    redis.call('UNLINK', key)
  else
    redis.call('SET', key, 's' .. rest, 'PX', tonumber(rest:sub(-13)) - now)
  end
end
"""
