"""The parts of the pytest executor: sessions, runners, and what is done when one of them dies."""
