"""Orders something six times: ``python orders.py``; with ``away`` while payments are away."""

import sys

from app import checkout

for number in range(6):
    print(checkout(number, away=sys.argv[1:] == ["away"]))
