"""The log of a job: what it says, on the terminal and in a file, and how it ends."""

import logging
import platform
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path


@contextmanager
def logged(path: str | Path) -> Iterator[None]:
    """Write the log of a job to a file and to the terminal; end it with one line if its input is bad.

    Parameters
    ----------
    path : path-like
        The log file. It also gets the traceback of an error and, in its first line, what results do not say as they
        would differ without it: when and where the job ran.

    Raises
    ------
    SystemExit
        In place of a `ValueError` or `OSError`, whose message then stands on the terminal without a traceback.
    """
    started = datetime.now(UTC).isoformat(timespec="seconds")
    Path(path).write_text(
        f"# {started} on {platform.node()}, {platform.machine()}, Python {platform.python_version()}\n"
    )
    to_file, to_terminal = logging.FileHandler(path), logging.StreamHandler()
    to_terminal.addFilter(lambda record: not record.exc_info)
    logging.basicConfig(level=logging.INFO, format="%(message)s", handlers=[to_file, to_terminal], force=True)
    logging.getLogger("fontTools").setLevel(logging.WARNING)  # it tells what it does with every table of a font
    try:
        yield
    except (ValueError, OSError) as error:
        logging.exception("stopped")
        sys.exit(f"error: {error}")
    except Exception:
        logging.exception("stopped by an error of the program")
        raise
