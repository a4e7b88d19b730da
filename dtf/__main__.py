"""``python -m dtf``."""

from dtf.cli.main import main

if __name__ == "__main__":
    main()
