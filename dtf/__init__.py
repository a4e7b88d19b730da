"""dtf: tests of AI models across a laboratory of unlike hardware."""

__version__ = "0.1.0"
