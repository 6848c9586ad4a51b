"""One line about work in progress: step and time left are seen, whatever else there is."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from pixelwise.terminal import rows
from pixelwise.terminal.progress import Progress
from pixelwise.terminal.screen import plain

GAN = ("adversarial", "feature_matching", "perceptual", "pixel", "discriminator_fake", "discriminator_real")
NUMBER = st.floats(allow_nan=False, allow_infinity=False)


@given(
    title=st.text(min_size=1, max_size=120),
    losses=st.dictionaries(st.text(min_size=1, max_size=30), NUMBER, max_size=9),
    done=st.integers(0, 10**7),
    left=st.none() | st.floats(0, 10**7),
    width=st.integers(48, 200),
)
def test_step_and_time_left_never_give_way(
    title: str, losses: dict[str, float], done: int, left: float | None, width: int
) -> None:
    told = Progress(done, 10**7, "steps", losses, 12345.678, "images", left)
    line = rows.of_progress(title, told, left, width)
    assert len(line) <= width
    assert f"step {done}/10000000" in line
    assert f"{'?' if left is None else rows.duration(left)} left" in line
    assert line == plain(line)


def test_80_columns() -> None:
    told = Progress(1200, 5000, "steps", dict.fromkeys(GAN, 0.123456), 123.4, "images", 754.0)
    assert rows.of_progress("train/streets/asapnet/seed0", told, 754.0, 80) == (
        "train/streets/asapnet/seed0  step 1200/5000  0:12:34 left  adversarial 0.1235"
    )
    assert rows.of_progress("asapnet", told, 754.0, 80) == (
        "asapnet  step 1200/5000  0:12:34 left  adversarial 0.1235  123 images/s"
    )
    download = Progress(1_500_000, 95_600_000, "bytes", {}, 2_000_000, "bytes", 47.0)
    assert rows.of_progress("weights/inception", download, 47.0, 80) == (
        "weights/inception  1.5/95.6 MB  0:00:47 left  2.0 MB/s"
    )
