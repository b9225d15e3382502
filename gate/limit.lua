-- Counts requests into buckets (bucket in rate.go) by the server's clock.
-- KEYS are the buckets. ARGV has three numbers for each: requests, per (µs), and how many requests came.
-- Returns the level of each bucket before them; the caller does the same arithmetic for each request.
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local before = {}
for i, key in ipairs(KEYS) do
  local requests, per, count = tonumber(ARGV[3 * i - 2]), tonumber(ARGV[3 * i - 1]), tonumber(ARGV[3 * i])
  local capacity = requests * per
  local level = 0
  -- Whatever else is found there, of another type or form, is overwritten.
  local state = redis.pcall('GET', key)
  if type(state) == 'string' then
    local poured, at = string.match(state, '^(%d+) (%d+)$')
    if poured and #poured < 17 and #at < 17 then
      local passed = math.min(math.max(now - tonumber(at), 0), per)
      level = math.max(math.min(tonumber(poured), capacity) - passed * requests, 0)
    end
  end
  before[i] = level
  local allowed = math.min(count, math.floor((capacity - level) / per))
  if allowed > 0 then
    level = level + allowed * per
    -- Gone when it has drained; a millisecond more, for expiry rounds down.
    redis.call('SET', key, string.format('%.0f %.0f', level, now), 'PX', math.ceil(level / requests / 1000) + 1)
  end
end
return before
