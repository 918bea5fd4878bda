"""How often Python looks for garbage that reference counts do not find."""

import gc

YOUNG = 50_000  # objects: a sweep makes as many and lets go of them, and looking through them finds nothing


def expect_little() -> None:
    """What is there by now stays, and most of what comes goes by itself."""
    gc.freeze()
    gc.set_threshold(YOUNG)
    gc.enable()
