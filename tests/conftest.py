"""What all tests share: a machine may be busy, so an example of a property may take its time."""

from hypothesis import settings

settings.register_profile("unhurried", deadline=None)
settings.load_profile("unhurried")
