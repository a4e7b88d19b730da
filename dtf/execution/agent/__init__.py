"""The session agent: what runs inside the suite's own interpreter, which needs pytest and nothing of dtf.

These files import nothing of dtf, so that ``launch.py`` can load them under a private name wherever pytest is.
They keep to what Python 3.9 knows.
"""
