"""What the services need of the outside, as protocols; ``storage`` and ``connectors`` implement them."""
