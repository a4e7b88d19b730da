"""What a worker finds on its host, one file for each kind of hardware."""
