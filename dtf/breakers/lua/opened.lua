-- Which targets of a hardware opened lately. KEYS: 1 its openings. ARGV: 1 within how many seconds.
local clock = redis.call('TIME')
local now = tonumber(clock[1]) + tonumber(clock[2]) / 1e6
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', string.format('(%.17g', now - 3600))
return redis.call('ZRANGEBYSCORE', KEYS[1], string.format('%.17g', now - tonumber(ARGV[1])), '+inf')
