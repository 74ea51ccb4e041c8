"""Memory: how much there is."""

import os
from pathlib import Path


def machine_mb() -> float:
    """Return the memory of this machine, or what its control group leaves of it, in MB."""
    sizes = [os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")]
    for limit in (Path("/sys/fs/cgroup/memory.max"), Path("/sys/fs/cgroup/memory/memory.limit_in_bytes")):
        if limit.exists() and (text := limit.read_text().strip()).isdigit():
            sizes.append(int(text))
    return min(sizes) / 1e6
