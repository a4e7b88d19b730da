-- The state machine of dtf/resilience/breaker.py, step by step the same; a test holds the two together.
-- It stands before each script that changes a breaker. KEYS: 1 the breaker, 2 the set of all breakers. ARGV: 1 its
-- numbers, as doubles in the order of dtf/breakers/wire.py, where every byte string here is made and read.
local is_fixed, failures_to_open, open_at, suspect_at, close_at, calm_at, bad_rate, heal_s, grey_share,
  outage_median_s, outage_shape, probe_every_s, probe_quick_s, quick_within_s, passes_to_close, probes, lease_s,
  hold_s, has_canary, kept_s = struct.unpack('<dddddddddddddddddddd', ARGV[1])

local FLOOR, MOST_FAILURES, MOST_SUSPECTS, MOST_SIBLINGS, KEPT_TRANSITIONS = 1e-6, 10, 16, 3, 16
local AUTO, FORCED_OPEN, FORCED_CLOSED, METRICS_ONLY = 0, 1, 2, 3
local CLOSED, OPEN, HALF_OPEN = 0, 1, 2
local DAY_S = 86400

local clock = redis.call('TIME')
local now = tonumber(clock[1]) + tonumber(clock[2]) / 1e6

local grey, down  -- the belief
local mode, state, at, epoch, since, opened_at, closed_at, row, infra_row, pieces, canaries_failed, passes,
  next_probe_at, held_until, permits, suspects
local kept_permits, kept_suspects, kept_at  -- as they were read

local function load()
  local got = redis.call('HMGET', KEYS[1], 'numbers', 'permits', 'suspects')
  if got[1] then
    mode, state, grey, down, at, epoch, since, opened_at, closed_at, row, infra_row, pieces, canaries_failed, passes,
      next_probe_at, held_until = struct.unpack('<dddddddddddddddd', got[1])
    kept_permits, kept_suspects, kept_at = got[2] or '', got[3] or '', at
    permits = kept_permits == '' and {} or cjson.decode(kept_permits)
    suspects = kept_suspects == '' and {} or cjson.decode(kept_suspects)
    return
  end
  local bad = bad_rate / (bad_rate + 1 / heal_s)
  mode, state, grey, down, at, epoch, since = AUTO, CLOSED, bad * grey_share, bad * (1 - grey_share), now, 0, now
  opened_at, closed_at, row, infra_row, pieces, canaries_failed, passes = 0, 0, 0, 0, 0, 0, 0
  next_probe_at, held_until, permits, suspects = 0, 0, {}, {}
  kept_permits, kept_suspects, kept_at = '', '', 0
  redis.call('SADD', KEYS[2], ARGV[2])
end

local function numbers()
  return struct.pack('<dddddddddddddddd', mode, state, grey, down, at, epoch, since, opened_at, closed_at, row,
    infra_row, pieces, canaries_failed, passes, next_probe_at, held_until)
end

local function encoded(found)
  return next(found) and cjson.encode(found) or ''
end

local function save()
  local packed, new_permits, new_suspects = numbers(), encoded(permits), encoded(suspects)
  if new_permits ~= kept_permits or new_suspects ~= kept_suspects then
    redis.call('HSET', KEYS[1], 'numbers', packed, 'permits', new_permits, 'suspects', new_suspects)
  else
    redis.call('HSET', KEYS[1], 'numbers', packed)
  end
  if mode ~= AUTO then
    redis.call('PERSIST', KEYS[1])  -- what an operator decided is kept until the operator decides otherwise
  elseif math.floor(at / DAY_S) ~= math.floor(kept_at / DAY_S) then
    redis.call('EXPIRE', KEYS[1], kept_s)
  end
  return packed, new_permits, new_suspects
end

local function bound(new_grey, new_down)
  local bad = new_grey + new_down
  if bad > 1 - FLOOR then
    grey, down = new_grey * (1 - FLOOR) / bad, new_down * (1 - FLOOR) / bad
  else
    grey, down = math.max(new_grey, FLOOR / 2), math.max(new_down, FLOOR / 2)
  end
end

local function learn(if_healthy, if_grey, if_down)
  local healthy = (1 - (grey + down)) * if_healthy
  local new_grey, new_down = grey * if_grey, down * if_down
  local total = healthy + new_grey + new_down
  if total > 0 then bound(new_grey / total, new_down / total) end
end

local function calm()
  if state == CLOSED and pieces > 0 then pieces, canaries_failed, suspects = 0, 0, {} end
end

local function advance()
  now = math.max(now, at)  -- a clock that was set back stops time, and turns nothing round
  for permit, until_text in pairs(permits) do
    if tonumber(until_text) <= now then permits[permit] = nil end
  end
  if state == OPEN then
    local before_s, now_s = math.max(at - opened_at, 0), math.max(now - opened_at, at - opened_at, 0)
    local still = (1 + (before_s / outage_median_s) ^ outage_shape) / (1 + (now_s / outage_median_s) ^ outage_shape)
    bound(grey * still, down * still)
  else
    local rate = bad_rate + 1 / heal_s
    local keep = math.exp(-rate * math.max(now - at, 0))
    local new = bad_rate / rate * (1 - keep)
    bound(grey * keep + new * grey_share, down * keep + new * (1 - grey_share))
  end
  at = now
  local counts = is_fixed == 1 and row > 0  -- what leads to its opening is remembered until then
  if grey + down < calm_at and not counts then calm() end
end
