"""``python -P -m dtf.execution.probes nvidia`` (or ``amd``): one line of JSON with the devices.

Asked in a process of its own, because a driver that hangs or crashes takes its caller along.
"""

import json
import signal
import sys

from dtf.domain.codec import to_json
from dtf.execution.probes import amd, nvidia

#: After so many seconds the process ends itself, should nobody be there any more to end it.
_LAST_RESORT_S = 120
_PROBES = {"nvidia": nvidia.detect, "amd": amd.detect}

if __name__ == "__main__":
    signal.alarm(_LAST_RESORT_S)
    sys.stdout.write(json.dumps(to_json(tuple(_PROBES[sys.argv[1]]()))) + "\n")
