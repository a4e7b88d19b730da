-- Takes in a piece of evidence. KEYS: 3 the openings of its hardware, 4 the evidence for the learner. ARGV: 3 numbers,
-- 4 the sign, 5 the probe's permit, 6 the job's reference, 7 the job group.
local if_healthy, if_grey, if_down, is_bad, seen_in, siblings, normal, is_told, duration_s, kept_evidence =
  struct.unpack('<dddddddddd', ARGV[3])
local LONGEST_REST_S = 30
local NAMES = {'closed', 'open', 'half_open'}
local sign, permit, reference = ARGV[4], ARGV[5], ARGV[6]
local before, reason, refunds, is_probe = '', '', '', false

local function tell(believed)
  if is_told == 0 then return end
  redis.call('XADD', KEYS[4], 'MAXLEN', '~', kept_evidence, '*', 'target', ARGV[2], 'sign', sign, 'group', ARGV[7],
    'numbers', struct.pack('<dddd', now, duration_s, believed, seen_in))
end

local function plural(count, one, many)
  return string.format('%d %s', count, count == 1 and one or many)
end

local function opening_reason()
  local failures, parts = pieces - canaries_failed, {}
  if failures ~= 0 then parts[#parts + 1] = plural(failures, 'failure', 'failures') end
  if canaries_failed > 0 then parts[#parts + 1] = plural(canaries_failed, 'failed canary', 'failed canaries') end
  return table.concat(parts, ' and ') .. string.format(' where %.2g %% is normal', 100 * normal)
end

local function move(new_state, why, pause)
  before, reason = NAMES[state + 1], why
  state, epoch, since = new_state, epoch + 1, at
  row, infra_row, pieces, canaries_failed = 0, 0, 0, 0
  if new_state ~= HALF_OPEN then passes = 0 end
  if new_state == CLOSED then closed_at = at end
  next_probe_at, held_until, permits, suspects = at + pause, 0, {}, {}
  redis.call('HSET', KEYS[1], 't' .. epoch % KEPT_TRANSITIONS,
    string.format('%d|%.17g|%s|%s|%s', epoch, at, before, NAMES[state + 1], reason))
end

local function fail()
  row, pieces, passes = row + 1, pieces + 1, 0
  if sign ~= 'crash' then infra_row = infra_row + 1 end
  if sign == 'canary_failed' then canaries_failed = canaries_failed + 1 end
  if grey + down > suspect_at then held_until = at + hold_s end
  if reference == '' then return end
  for _, known in ipairs(suspects) do
    if known == reference then return end
  end
  suspects[#suspects + 1] = reference
  if #suspects > MOST_SUSPECTS then table.remove(suspects, 1) end
end

local function is_to_open()
  -- where there is a canary crashes alone open nothing: they may be the jobs' own, and it finds out
  if is_fixed == 1 then return (has_canary == 1 and infra_row or row) >= failures_to_open end
  if infra_row >= MOST_FAILURES then return true end
  local told = infra_row > 0 or has_canary == 0
  return told and pieces >= 2 and grey + down > open_at  -- no single one convicts
end

local function pause_after(opening)
  local again = closed_at > 0 and opening - closed_at <= quick_within_s
  local pause = (again and probe_quick_s or probe_every_s) * math.min(1 + siblings, MOST_SIBLINGS)
  local probing_s = is_probe and duration_s or 0  -- what takes long to fail gets half of the time at most
  return math.max(pause, math.min(probing_s, LONGEST_REST_S))
end

local function open()
  local why = opening_reason()
  opened_at, refunds = at, encoded(suspects)
  move(OPEN, why, pause_after(at))
  redis.call('ZADD', KEYS[3], string.format('%.17g', at), string.sub(ARGV[2], string.find(ARGV[2], ':', 1, true) + 1))
end

local function probe()
  if is_bad == 1 then
    local pause = pause_after(opened_at)
    if state == HALF_OPEN then move(OPEN, 'a probe failed', pause) else next_probe_at = at + pause end
  elseif grey + down < close_at or passes >= passes_to_close then
    move(CLOSED, plural(passes, 'probe', 'probes') .. ' in a row succeeded', 0)
  elseif state == OPEN then
    move(HALF_OPEN, 'a probe succeeded', 0)
  end
end

load()
if seen_in ~= epoch then
  tell(grey + down)
  return {numbers(), kept_permits, kept_suspects, '', '', '', 1}
end
advance()
tell(grey + down)
is_probe = permits[permit] ~= nil
permits[permit] = nil
learn(if_healthy, if_grey, if_down)
if is_bad == 1 then
  fail()
else
  row, infra_row, held_until = 0, 0, 0
  if is_probe then passes = passes + 1 end
  if grey + down < calm_at then calm() end
end
if mode == FORCED_CLOSED then
  -- evidence only moves its belief
elseif state == CLOSED then
  if is_bad == 1 and is_to_open() then open() end  -- success opens nothing, whatever is believed
elseif is_probe then
  probe()
end
local packed, new_permits, new_suspects = save()
if before == '' and new_permits == '' and new_suspects == '' then return packed end
return {packed, new_permits, new_suspects, before, reason, refunds, 0}
