"""What a terminal of 80 columns showed while the whole micro run was made, by two jobs at a time."""

from __future__ import annotations

import re

from tests.pipeline.micro import Clone
from tests.pseudo_terminal import Recording

RUN = re.compile(r"run micro  (\d+)/(\d+) jobs  \d:\d\d:\d\d gone  (at least )?\d:\d\d:\d\d left( |$)")
JOB = re.compile(r"[a-z]+(/[^ ]+)*  (\d+/\d+ [a-z]+|step \d+/\d+|\d:\d\d:\d\d gone)(  (\?|\d:\d\d:\d\d) left)?")


def test_step_time_left_and_the_run_are_always_seen(done: Clone) -> None:
    recording = Recording.kept(done.folder.parent / "terminal.json")
    screens = [screen for screen in recording.screens() if any(line.startswith("run micro") for line in screen)]
    assert len(screens) > 10
    counts, at_work, half_drawn = [], set(), 0
    for screen in screens:
        place = max(number for number, line in enumerate(screen) if line.startswith("run micro"))
        found = RUN.match(screen[place])
        assert found is not None, screen[place]
        counts.append(int(found[1]))
        jobs = [line for line in screen[place + 1 :] if JOB.match(line)]
        half_drawn += len(jobs) < len(screen) - place - 1
        assert len(jobs) <= 2, jobs
        assert max(map(len, screen)) <= 80
        at_work.update(line.split()[0] for line in jobs)
        assert not [line for line in screen[:place] if JOB.match(line) or "Error" in line or "━" in line], screen
    assert half_drawn <= len(screens) // 50, "a loaded machine may pause between a message and the lines below it"
    assert counts == sorted(counts) and counts[-1] >= int(found[2]) - 2
    assert {"train/streets/asapnet/seed0", "time/denoising", "report"} & at_work
    last = list(recording.screens())[-1]
    shown = [line for line in last if line.startswith("finished  ")]
    total = int(found[2])
    assert len(shown) == total and "finished  train/photos/dncnn/seed0  in 0:00:" in "\n".join(last)
    assert re.fullmatch(rf"pixelwise: {total}/{total} jobs in 0:\d\d:\d\d; logs: logs/micro/", last[-1])


def test_nothing_of_the_progress_stays_but_what_trainings_showed(done: Clone) -> None:
    assert not list((done.folder / "work").rglob("*progress.json*"))
    folder = done.folder / "logs/micro/train"
    assert sorted(path.name for path in (folder / "streets/asapnet/seed0").glob("*.png")) == [
        "step-00000001.png",
        "step-00000002.png",
    ]
    assert (folder / "photos/dncnn/seed0/step-00000002.png").is_file()
