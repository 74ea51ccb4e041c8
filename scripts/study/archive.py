"""Write a study as an RO-Crate: ./run.sh archive results/STUDY."""

import sys
from pathlib import Path

from echolesion.study import archive

try:
    study = Path(sys.argv[1] if len(sys.argv) > 1 else "results/default")
    output = Path(f"{study}.crate.zip")
    count = archive.write(study, Path(__file__).parents[2], output)
except (ValueError, OSError) as error:
    sys.exit(f"error: {error}")
print(f"{output}: {count} files, {output.stat().st_size / 1e6:.1f} MB")
