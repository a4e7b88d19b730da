-- An operator decides, or no longer. ARGV: 3 the mode's number.
load()
mode, at = tonumber(ARGV[3]), math.max(now, at)
return {save()}
