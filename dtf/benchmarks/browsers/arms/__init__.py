"""What is compared: breakers in use elsewhere, the best fixed one, dtf's own, and one that knows the schedule."""
