"""Late imports, one at a time.

SDKs are imported when they are first needed (cold start). Activities run side by side on threads, and two threads
that import packages which need each other can see one of them half made: so whoever imports late holds this lock.
"""

import importlib
import threading
from functools import cache
from typing import Any

IMPORTING = threading.RLock()


@cache
def late(name: str) -> Any:  # noqa: ANN401 - whatever stands there
    """What `package.module.name` stands for; its module is imported now, if nobody has needed it before."""
    module, attribute = name.rsplit(".", 1)
    with IMPORTING:
        return getattr(importlib.import_module(module), attribute)
