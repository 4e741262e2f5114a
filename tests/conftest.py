"""What holds for all tests."""

import os

from hypothesis import settings

# How long an example takes says nothing on a busy machine; what must be fast is measured by `make bench`.
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")

# Hundreds of apps are started that live for seconds: none of them imports ahead what it may never need.
os.environ["WARM_UP"] = "false"
