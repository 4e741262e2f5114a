"""Late imports, one at a time.

SDKs are imported when they are first needed (cold start). Activities run side by side on threads, and two threads
that import packages which need each other can see one of them half made: so whoever imports late holds this lock.
"""

import threading

IMPORTING = threading.RLock()
