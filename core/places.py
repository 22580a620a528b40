"""Where data sets and converted weights lie on this machine."""

import os
from pathlib import Path

FOLDER = "ROADMAP_LAB_DATA"  # the environment variable that names a local folder of data sets


def folders() -> list[Path]:
    """Where data sets are looked for, in this order; the last one is the cache, where downloads go."""
    local = [Path(os.environ[FOLDER]).expanduser()] if os.environ.get(FOLDER) else []
    cache = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return [*local, Path(cache) / "roadmap-lab"]
