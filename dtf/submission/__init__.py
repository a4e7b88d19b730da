"""What a task file, a command or a page asks for, made into a run."""
