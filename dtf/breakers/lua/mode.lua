-- An operator decides, or no longer. ARGV: 3 the mode's number, 4 the order's number; 0: it has none.
load()
local order = tonumber(ARGV[4])
if order == 0 or order > tonumber(redis.call('HGET', KEYS[1], 'order') or 0) then
  mode, at = tonumber(ARGV[3]), math.max(now, at)
  redis.call('HSET', KEYS[1], 'mode_at', string.format('%.17g', at))
  if order > 0 then redis.call('HSET', KEYS[1], 'order', ARGV[4]) end
end
return {save()}
