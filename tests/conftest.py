"""What holds for all tests."""

from hypothesis import settings

# How long an example takes says nothing on a busy machine; what must be fast is measured by `make bench`.
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")
