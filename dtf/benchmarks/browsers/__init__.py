"""The benchmark with real browsers: real faults that last as long as their episodes, and what becomes of the jobs."""
