"""Clocks, power, temperature and other processes of a graphics card, or the load of a processor, during a timing.

Sampled beside the rounds: by NVML where its Python package is installed, else by one `nvidia-smi` that repeats itself.
Neither can hold up or lose a timing: what does not answer is given up, and then nothing is known.
"""

from __future__ import annotations

import contextlib
import functools
import importlib
import shutil
import statistics
import subprocess
import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import psutil
import torch

from pixelwise.cards import smi
from pixelwise.evaluation import hardware, latency
from pixelwise.evaluation.processor_load import Load
from pixelwise.evaluation.stopwatch import Call, interleave
from pixelwise.record import Scalar
from pixelwise.settings.evaluation import TimeSettings

FIELDS = {
    "clock_sm_mhz": "clocks.sm",
    "clock_memory_mhz": "clocks.mem",
    "temperature_c": "temperature.gpu",
    "power_w": "power.draw",
    "power_limit_w": "power.limit",
}
THROTTLE = ("clocks_event_reasons.active", "clocks_throttle_reasons.active")
"""The same bits under the names of new and of old drivers."""
REASONS = {
    0x4: "power cap",
    0x8: "hardware slowdown",
    0x20: "thermal slowdown",
    0x40: "hardware thermal slowdown",
    0x80: "power brake",
}
"""Bits of NVML's clock event reasons that mean: slower than it could be. Others: an idle card, a chosen clock."""
PERIOD = 0.25
"""Seconds between two samples."""
STEADY, SAMPLES = 0.02, 4
"""Clocks have settled when so many samples in a row differ by at most this share."""

Sample = dict[str, float | None]


def _bits(text: str | None) -> float | None:
    with contextlib.suppress(ValueError):
        return None if text is None else float(int(text, 0))
    return None


class Watch:
    """Samples a card from `with` to its end.

    Attributes:
        samples: What was seen, the latest last; a quantity that the card does not tell is None.
    """

    def __init__(self, card: str | None) -> None:
        self.card, self.samples = card, list[Sample]()
        self._end = threading.Event()
        self._thread: threading.Thread | None = None

    def __enter__(self) -> Watch:
        if self.card is not None and (source := _nvml(self.card) or self._smi()):
            self._thread = threading.Thread(target=source, args=(self.samples, self._end), daemon=True)
            self._thread.start()
        return self

    def _smi(self) -> Callable[[list[Sample], threading.Event], None] | None:
        fields = fields_of(str(self.card))
        return None if fields is None else lambda samples, end: _repeat(str(self.card), fields, samples, end)

    def __exit__(self, *_: object) -> None:
        self._end.set()
        if self._thread is not None:
            self._thread.join(timeout=2)

    @property
    def watching(self) -> bool:
        """Whether samples come."""
        return self._thread is not None and self._thread.is_alive()

    def settled(self) -> bool:
        """Whether the clock of the processors has stopped changing; True where it is not known."""
        if not self.watching:
            return True
        clocks = [sample["clock_sm_mhz"] for sample in self.samples[-SAMPLES:]]
        known = [clock for clock in clocks if clock is not None]
        if len(clocks) < SAMPLES or len(known) < len(clocks):
            return bool(clocks) and not known
        return max(known) - min(known) <= STEADY * max(known)

    def summary(self) -> dict[str, Scalar]:
        """Median of each quantity, the lowest and highest clock, and why the card was slower than it could be."""
        found: dict[str, Scalar] = {"samples": len(self.samples)}
        for name in FIELDS:
            known = [value for sample in self.samples if (value := sample[name]) is not None]
            found[name] = statistics.median(known) if known else None
            if name == "clock_sm_mhz":
                found |= {f"{name}_low": min(known, default=None), f"{name}_high": max(known, default=None)}
        bits = [int(value) for sample in self.samples if (value := sample["throttle"]) is not None]
        reasons = [text for bit, text in REASONS.items() if any(value & bit for value in bits)]
        return found | {"throttled": ", ".join(reasons) or ("no" if bits else None)}


_asked: dict[str, list[str] | None] = {}


def fields_of(card: str) -> list[str] | None:
    """The fields that this driver's `nvidia-smi` knows, asked once; None if it does not answer."""
    if card not in _asked:
        _asked[card] = None
        for throttle in THROTTLE:
            fields = [*FIELDS.values(), throttle]
            if smi.query(fields, card=card):
                _asked[card] = fields
                break
    return _asked[card]


def _kill_after(end: threading.Event, process: subprocess.Popen[str]) -> None:
    end.wait()
    process.kill()


def _repeat(card: str, fields: list[str], samples: list[Sample], end: threading.Event) -> None:
    """Read the lines of a `nvidia-smi` that repeats itself until `end`."""
    program = shutil.which(smi.PROGRAM)
    command = [str(program), f"--id={card}", f"--query-gpu={','.join(fields)}", "--format=csv,noheader,nounits"]
    command.append(f"--loop-ms={int(1000 * PERIOD)}")
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        stopper = threading.Thread(target=_kill_after, args=(end, process), daemon=True)
        stopper.start()
        assert process.stdout is not None
        for line in process.stdout:
            for answer in smi.rows(fields, line):
                sample: Sample = {name: smi.number(answer[field]) for name, field in FIELDS.items()}
                samples.append(sample | {"throttle": _bits(answer[fields[-1]])})
        end.set()


def _nvml(card: str) -> Callable[[list[Sample], threading.Event], None] | None:
    """A sampler by NVML, or None where its package or its library is missing."""
    try:
        nvml: Any = importlib.import_module("pynvml")
        nvml.nvmlInit()
        handle = nvml.nvmlDeviceGetHandleByUUID(card)
    except Exception:
        return None

    def ask(name: str, *more: int, scale: float = 1.0) -> float | None:
        try:
            return float(getattr(nvml, name)(handle, *more)) * scale
        except Exception:
            return None

    def sample(samples: list[Sample], end: threading.Event) -> None:
        while not end.is_set():
            found: Sample = {
                "clock_sm_mhz": ask("nvmlDeviceGetClockInfo", 1),
                "clock_memory_mhz": ask("nvmlDeviceGetClockInfo", 2),
                "temperature_c": ask("nvmlDeviceGetTemperature", 0),
                "power_w": ask("nvmlDeviceGetPowerUsage", scale=1e-3),
                "power_limit_w": ask("nvmlDeviceGetEnforcedPowerLimit", scale=1e-3),
            }
            samples.append(found | {"throttle": ask("nvmlDeviceGetCurrentClocksThrottleReasons")})
            end.wait(PERIOD)

    return sample


def others(card: str | None) -> list[str]:
    """Other processes that compute on a card, `name (process 1234)`; none if that is not known.

    Those that started this one wait for it, and are no others. In a container the numbers of processes are those of the
    host: a single one that is not known is then this one.
    """
    answers = smi.query(["pid", "process_name"], of="compute-apps", card=card) if card else None
    known = {str(process.pid) for process in [psutil.Process(), *psutil.Process().parents()]}
    strange = [answer for answer in answers or [] if answer["pid"] not in known]
    if len(strange) == len(answers or []) == 1:
        return []
    return [f"{answer['process_name'] or 'a process'} (process {answer['pid']})" for answer in strange]


def timed(
    settings: TimeSettings, calls: Mapping[str, Call], device: torch.device
) -> tuple[dict[str, list[float]], dict[str, Any]]:
    """Time a group, of which each model has run once, while the card is watched.

    Returns:
        Label -> milliseconds of each round; and the state of the device meanwhile: `others` are the processes that
        also computed on the card, `load_of_others` the cores that others used, and `busy` says that the timing was
        `disturbed`.
    """
    on_gpu = device.type == "cuda"
    card = hardware.card_of(device).uuid if on_gpu else None
    enough = functools.partial(latency.narrow_enough, settings, on_gpu=on_gpu)
    before = others(card)
    with Watch(card) as watch, Load() as load:
        settled = watch.settled if watch.watching else None
        times = interleave(calls, settings.warmup - 1, settings.calls, device, settings.seed, enough, settled)
    strange = sorted({*before, *others(card)})
    state = watch.summary() if on_gpu else {"cpu_mhz": processor_mhz()}
    busy = disturbed(strange, load, on_gpu)
    return times, state | {"load_of_others": load.others, "others": strange, "busy": busy}


def disturbed(strange: Sequence[str], load: Load, on_gpu: bool) -> bool:
    """Whether the device that was timed was not left alone.

    Args:
        strange: Other processes on the card.
        load: What others did on the processor; a card needs one core of it, to be given its work.
        on_gpu: Whether a card was timed, not the processor itself.
    """
    return bool(strange) or load.full if on_gpu else load.busy


def processor_mhz() -> float | None:
    """Largest clock of the processor, or that of this moment where it does not tell."""
    with contextlib.suppress(OSError, NotImplementedError):
        if (frequency := psutil.cpu_freq()) is not None:
            return round(frequency.max or frequency.current, 1)
    return None
