"""What a task file says: its content validated whole, and the tasks that it means."""
