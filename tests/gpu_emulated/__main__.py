"""Programs on emulated cards: `python -m tests.gpu_emulated test FILE ...`, or `distances` in place of `test`."""

import sys

from tests.gpu_emulated import driver

if __name__ == "__main__":
    driver.load()
    if sys.argv[1] == "test":
        import pytest

        sys.exit(pytest.main(sys.argv[2:]))
    from tests.gpu_emulated import distances

    distances.main(sys.argv[2:])
