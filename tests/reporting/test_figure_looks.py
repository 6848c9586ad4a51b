"""How figures look: legends beside the data, networks told apart without colour, letters that a telephone shows."""

from __future__ import annotations

import contextlib
import dataclasses
import itertools
from collections import defaultdict

import pandas as pd
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_rgb
from matplotlib.container import BarContainer, ErrorbarContainer
from matplotlib.text import Text
from matplotlib.transforms import Bbox

from pixelwise.models import declarations
from pixelwise.reporting import figures, naming, style
from pixelwise.reporting.drawn_files import laid_out
from pixelwise.reporting.figure_numbers import ALT, Drawn, MissingNumbersError, Numbers, brief
from pixelwise.reporting.published import PAPER, REPORT

PHONE = 390 - 32
"""Pixels of a telephone's page between its margins."""
MODELS = ("asapnet", "pix2pixhd")


def along_training() -> tuple[pd.DataFrame, pd.DataFrame]:
    """Scores and processor seconds of two models, three seeds each."""
    rows, costs = [], []
    for model, seed in itertools.product(MODELS, range(3)):
        costs.append(["streets", model, seed, 600.0 * (1 + MODELS.index(model))])
        for count in (1000, 2000, 4000):
            shared = ["streets", model, seed, True, True, count]
            rows += [[*shared, "fid", 200 - count / 100 + seed], [*shared, "miou", 10 + count / 1000]]
    quality = ["dataset", "model", "seed", "synthetic", "short", "presentations", "metric", "value"]
    return pd.DataFrame(rows, columns=quality), pd.DataFrame(costs, columns=[*quality[:3], "cpu_seconds"])


@pytest.fixture(scope="module")
def numbers(planted) -> Numbers:
    quality, costs = along_training()
    return dataclasses.replace(Numbers.read(planted.summary, "planted"), quality=quality, costs=costs)


def all_drawn(numbers: Numbers) -> dict[str, Drawn]:
    found = {}
    for plot in figures.declared(numbers):
        with contextlib.suppress(MissingNumbersError):
            found[plot.name] = plot.draw(numbers)
            laid_out(found[plot.name].figure)
    return found


@pytest.fixture(scope="module")
def drawn(numbers) -> dict[str, dict[str, Drawn]]:
    """Every figure, for a wide page and for a telephone."""
    with style.context():
        wide = all_drawn(numbers)
        with style.narrow():
            return {"wide": wide, "narrow": all_drawn(numbers)}


@pytest.fixture(scope="module", autouse=True)
def files(drawn) -> dict[str, bytes]:
    """The telephone's drawings as SVG, made before any test looks at them, which would move their ticks."""
    with style.context():
        return {name: style.svg(one.figure) for name, one in drawn["narrow"].items()}


def everything(drawn) -> list[tuple[str, Drawn]]:
    return [(f"{name}, {shape}", one) for shape, found in drawn.items() for name, one in found.items()]


def over_data(figure) -> list[str]:
    """Legends whose box overlaps a line, a point, a bar or an interval, by the renderer's boxes."""
    renderer = FigureCanvasAgg(figure).get_renderer()
    legends = [*figure.legends, *(axes.get_legend() for axes in figure.axes if axes.get_legend())]
    problems = []
    for legend, axes in itertools.product(legends, figure.axes):
        box = legend.get_window_extent(renderer)
        lines = [line.get_path().transformed(line.get_transform()) for line in axes.lines if len(line.get_xdata())]
        whiskers = [path.transformed(some.get_transform()) for some in axes.collections for path in some.get_paths()]
        hit = [path.intersects_bbox(box, filled=False) for path in (*lines, *whiskers)]
        shapes = [artist.get_window_extent(renderer) for artist in (*axes.patches, *axes.images)]
        if any(hit) or any(Bbox.intersection(box, shape) is not None for shape in shapes):
            problems.append(f"{axes.get_title()}: {[text.get_text() for text in legend.get_texts()]}")
    return problems


def test_no_legend_lies_over_data(drawn):
    assert len(drawn["wide"]) == len(drawn["narrow"]) > 13
    for name, one in everything(drawn):
        assert over_data(one.figure) == [], name


def test_a_legend_over_data_is_seen():
    figure, (axes,) = style.canvas()
    axes.plot([0, 1], [0, 1], label="line")
    axes.legend(loc="center")
    assert over_data(laid_out(figure))
    figure, (axes,) = style.canvas()
    axes.bar([0, 1], [1, 1], label="bar")
    axes.legend(loc="center")
    assert over_data(laid_out(figure))


def test_panels_titles_and_legends_do_not_overlap(drawn):
    for name, one in drawn["narrow"].items():
        renderer = FigureCanvasAgg(one.figure).get_renderer()
        parts = [*one.figure.legends, *one.figure.texts, *one.figure.axes]
        boxes = [part.get_tightbbox(renderer) for part in parts]
        for (first, a), (second, b) in itertools.combinations(zip(parts, boxes, strict=True), 2):
            shared = Bbox.intersection(a, b)
            assert shared is None or min(shared.width, shared.height) < 4, (name, str(first), str(second))


def in_gray(colour) -> float:
    """Relative luminance, 0 to 1 (ITU-R BT.709, sRGB)."""
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in to_rgb(colour)]
    return sum(weight * part for weight, part in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def signs(figure) -> dict[str, set[tuple]]:
    """Name of each entry of the legend -> marker, fill, stroke and colour of what bears it."""
    found = defaultdict(set)
    for axes in figure.axes:
        for handle, name in zip(*axes.get_legend_handles_labels(), strict=True):
            line = handle[0] if isinstance(handle, ErrorbarContainer) else handle
            assert not isinstance(line, BarContainer), f"{name}: bars are told by colour alone"
            stroke = (line.get_linestyle(), str(getattr(line, "_unscaled_dash_pattern", "")))
            found[name].add((str(line.get_marker()), line.get_fillstyle(), stroke, line.get_color()))
    return found


def test_entries_are_told_apart_in_gray_and_by_the_colour_blind(drawn):
    for name, one in everything(drawn):
        entries = [(text, sign) for text, found in signs(one.figure).items() for sign in found]
        for (first, a), (second, b) in itertools.combinations(entries, 2):
            apart = a[:3] != b[:3] or abs(in_gray(a[3]) - in_gray(b[3])) > 0.15
            assert apart or first == second or bounds_apart(first, second), (name, first, second)


def bounds_apart(first: str, second: str) -> bool:
    """Whether two floors or ceilings belong to different metrics, which have panels of their own."""
    return first.partition(",")[0] != second.partition(",")[0] and {"FID", "mean IoU"} >= {
        name.partition(",")[0] for name in (first, second)
    }


def test_a_network_looks_alike_in_every_panel(drawn):
    for name, one in everything(drawn):
        for text, found in signs(one.figure).items():
            assert len({sign[:2] + sign[3:] for sign in found}) == 1, (name, text)


def test_models_have_markers_of_their_own():
    looks = {model.look.family or name: model.look for name, model in declarations.models().items() if model.look}
    markers = [look.marker for look in looks.values()]
    assert len(set(markers)) == len(markers) >= 4
    for look in looks.values():
        shared = [name for name, other in naming.OTHERS.items() if other.marker == look.marker]
        assert shared == [], (look.label, shared)


def test_entries_of_one_model_differ_in_fill_and_stroke():
    forms = [f"asapnet_{number}" for number in range(6)]
    looks = [naming.drawn_as(name, forms) for name in forms]
    assert {look["marker"] for look in looks} == {naming.drawn_as("asapnet")["marker"]}
    assert len({look["fillstyle"] for look in looks}) == len({str(look["linestyle"]) for look in looks}) == 6


def test_letters_are_large_enough_on_a_telephone(drawn):
    for name, one in drawn["narrow"].items():
        for text in one.figure.findobj(Text):
            if text.get_text().strip() and text.get_visible():
                pixels = text.get_fontsize() * PHONE / (one.figure.get_figwidth() * 72)
                assert pixels >= 9, (name, text.get_text(), pixels)


def test_nothing_is_cut_at_the_side(drawn):
    for name, one in everything(drawn):
        renderer = FigureCanvasAgg(one.figure).get_renderer()
        for part in (*one.figure.texts, *one.figure.legends, *one.figure.axes):
            box = part.get_tightbbox(renderer)
            assert box.x0 > -2 and box.x1 < one.figure.bbox.x1 + 2, (name, str(part), box)


def test_paper_report_and_here_stand_side_by_side(drawn):
    for name in ("inference_time", "fid_runtime", "miou_runtime", "runtime_resolution"):
        titles = [axes.get_title(loc="left") for axes in drawn["wide"][name].figure.axes[:3]]
        assert titles[:2] == [PAPER, REPORT] and titles[2].startswith("Here"), name
    titles = [axes.get_title(loc="left") for axes in drawn["wide"]["denoising"].figure.axes]
    assert titles == ["Published (BSD68)", "Students' report", "Here: bsd68"]


def test_alternative_texts_are_short_and_begin_with_this_run(drawn):
    for name, one in everything(drawn):
        assert 20 < len(one.words()["alt"]) <= ALT, name
    for name in ("inference_time", "fid_runtime", "denoising"):
        assert drawn["wide"][name].alt.startswith("Here")


def test_a_long_text_is_cut_between_its_parts():
    text = "; ".join(f"model {number} 1.234 dB" for number in range(100))
    short = brief(text)
    assert len(short) <= ALT and short.removesuffix("; more in the tables") + ";" in text


def test_quality_against_cost_has_the_paper_s_shape(drawn):
    (fid_time, fid_work, iou_time, iou_work) = quality_cost_axes(drawn)
    assert fid_time.get_xscale() == fid_work.get_xscale() == "log"
    assert "lower is better" in fid_time.get_ylabel() and "higher is better" in iou_work.get_ylabel()
    assert "ms for one" in iou_time.get_xlabel() and "GFLOP" in fid_work.get_xlabel()
    assert "ASAP-Net 88.0 at 410 ms" in drawn["wide"]["quality_cost"].alt


def quality_cost_axes(drawn):
    return drawn["wide"]["quality_cost"].figure.axes


def test_quality_along_training_by_pictures_and_processor_time(drawn):
    one = drawn["wide"]["quality_along_training"]
    assert [axes.get_xlabel() for axes in one.figure.axes] == [
        *["training pictures seen"] * 2,
        *["processor minutes of training"] * 2,
    ]
    ends = {max(line.get_xdata()) for line in one.figure.axes[2].get_lines() if len(line.get_xdata()) == 3}
    assert ends == {10.0, 20.0}
    assert "ASAP-Net 161, still falling in 3 of 3 seeds" in one.alt
    assert "drawn scenes against each other: 14.0" in one.alt


def test_without_processor_seconds_the_pictures_alone(numbers):
    known = dataclasses.replace(numbers, costs=numbers.costs.head(2))
    (plot,) = [plot for plot in figures.declared(known) if plot.name == "quality_along_training"]
    one = plot.draw(known)
    assert len(one.figure.axes) == 2 and "knows no processor seconds" in one.caption


def test_drawing_again_gives_the_same_bytes(planted, drawn, files):
    for entry in planted.index["figures"]:
        assert files[entry["name"]] == (planted.figures / f"{entry['narrow']}.svg").read_bytes(), entry["name"]
