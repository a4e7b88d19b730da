-- Takes in that a sibling opened. ARGV: 3 by how much the odds of being bad grow.
load()
advance()
if state == CLOSED then
  learn(1, tonumber(ARGV[3]), tonumber(ARGV[3]))
  if grey + down > suspect_at then held_until = at + hold_s end
end
save()
return 1
