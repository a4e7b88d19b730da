-- Takes in that a sibling was found to be well again.
load()
advance()
if state == OPEN then next_probe_at = math.min(next_probe_at, at) end
save()
return 1
