-- Asks to use a target. ARGV: 3 the permit's name, 4 whether a canary is to be run ('1').
local GRANTED, PROBE, REFUSED = 0, 1, 2

local function pause_s()
  if state == OPEN and at < next_probe_at then return next_probe_at - at end
  local pause = probe_quick_s
  for _, until_text in pairs(permits) do pause = math.min(pause, tonumber(until_text) - at) end
  return pause
end

local function own_answer(canary)
  local under_way = 0
  for _ in pairs(permits) do under_way = under_way + 1 end
  local suspect = state == CLOSED and grey + down > suspect_at
  if state == CLOSED and not canary then
    local held = suspect and has_canary == 1 and (under_way > 0 or at < held_until)
    if held then return REFUSED, pause_s() end
    return GRANTED, 0
  end
  if not canary and has_canary == 1 then return REFUSED, pause_s() end
  local due = state == HALF_OPEN or suspect or (state == OPEN and at >= next_probe_at)
  if due and under_way < probes then return PROBE, 0 end
  return REFUSED, pause_s()
end

local function answer(canary)
  if mode == FORCED_OPEN then return REFUSED, probe_every_s end
  if mode == FORCED_CLOSED and not canary then return GRANTED, 0 end
  local said, wait_s = own_answer(canary)
  if said == REFUSED and mode == METRICS_ONLY and not canary then return GRANTED, 0 end
  return said, wait_s
end

load()
advance()
local said, wait_s = answer(ARGV[4] == '1')
if said == PROBE then permits[ARGV[3]] = string.format('%.17g', at + lease_s) end
save()
return struct.pack('<dddd', said, epoch, grey + down, wait_s)
