-- Gives a probe's permit back unused. KEYS: 1 the breaker. ARGV: 1 the permit's name.
local kept = redis.call('HGET', KEYS[1], 'permits')
if not kept or kept == '' then return 0 end
local permits = cjson.decode(kept)
if not permits[ARGV[1]] then return 0 end
permits[ARGV[1]] = nil
redis.call('HSET', KEYS[1], 'permits', next(permits) and cjson.encode(permits) or '')
return 1
