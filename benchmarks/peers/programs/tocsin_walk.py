"""Walk a folder as Tocsin does: every file's head read, all of it hashed and taken into account."""

import sys
from pathlib import Path

from tocsin.evidence.opening import open_evidence

with open_evidence(Path(sys.argv[1])) as evidence:
    for _ in evidence.sources():
        pass
    print(evidence.info().files)
