"""The benchmark with real browsers: real faults that last as long as their episodes, and what each arm makes of them."""
