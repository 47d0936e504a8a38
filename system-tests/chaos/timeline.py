"""A picture of a run: answers second by second, and under them every fault."""

from collections import Counter
from collections.abc import Iterator, Sequence
from html import escape
from pathlib import Path
from typing import Final

from chaos.ledger import Ledger, Outcome
from chaos.machine import Injury

_LEFT: Final = 150
_WIDTH: Final = 1100
_BARS: Final = 140
_LANE: Final = 18
_COLOURS: Final = {
    Outcome.ACKNOWLEDGED: "#4c9f70",
    Outcome.REFUSED: "#d9a441",
    Outcome.UNKNOWN: "#c0504d",
}
_FAULTS: Final = {
    "kill": "#c0504d",
    "freeze": "#5b8db8",
    "restart": "#8a6fb0",
    "flush": "#d9a441",
    "outage": "#7f1d1d",
}


def draw(path: Path, ledger: Ledger, injuries: Sequence[Injury], title: str) -> None:
    """Write the picture as SVG."""
    end = max((entry.ended for entry in ledger.entries), default=1.0)
    scale = _WIDTH / end
    lanes = sorted({injury.target for injury in injuries})
    height = 60 + _BARS + _LANE * len(lanes)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{_LEFT + _WIDTH + 20}" height="{height}"'
        ' font-family="sans-serif" font-size="11">',
        '<rect width="100%" height="100%" fill="white"/>',
        f'<text x="{_LEFT}" y="18" font-size="13">{escape(title)}</text>',
        *_answers(ledger, scale),
        *_lanes(lanes, injuries, scale),
        *_axis(end, scale, height),
        "</svg>",
    ]
    path.write_text("\n".join(parts) + "\n")


def _answers(ledger: Ledger, scale: float) -> Iterator[str]:
    seconds = Counter((int(entry.ended), entry.outcome) for entry in ledger.entries)
    totals = Counter(int(entry.ended) for entry in ledger.entries)
    unit = _BARS / max(totals.values(), default=1)
    for second in sorted(totals):
        bottom = 30.0 + _BARS
        for outcome, colour in _COLOURS.items():
            tall = seconds[second, outcome] * unit
            bottom -= tall
            yield _box((_LEFT + second * scale, bottom), (max(scale, 0.5), tall), colour, outcome)
    for number, (outcome, colour) in enumerate(_COLOURS.items()):
        yield f'<text x="8" y="{50 + 16 * number}" fill="{colour}">{outcome}</text>'


def _lanes(lanes: Sequence[str], injuries: Sequence[Injury], scale: float) -> Iterator[str]:
    for number, name in enumerate(lanes):
        top = 40 + _BARS + number * _LANE
        yield f'<text x="8" y="{top + 12}">{escape(name)}</text>'
        for one in (injury for injury in injuries if injury.target == name):
            left, colour = _LEFT + one.at * scale, _FAULTS[one.kind]
            wide = max(one.held * scale, 2)
            yield _box((left, top + 2), (wide, 13), colour, f"{one.kind}, {one.held:g} s")
            healing = (one.recovered_after or 0) * scale
            label = f"back in {one.recovered_after} s"
            yield _box((left + wide, top + 6), (healing, 5), colour, label)


def _axis(end: float, scale: float, height: int) -> Iterator[str]:
    step = 10 if end <= 120 else 60
    for second in range(0, int(end) + 1, step):
        x = _LEFT + second * scale
        yield f'<line x1="{x:.1f}" x2="{x:.1f}" y1="30" y2="{height - 20}" stroke="#ddd"/>'
        yield f'<text x="{x:.1f}" y="{height - 6}">{second} s</text>'


def _box(place: tuple[float, float], size: tuple[float, float], colour: str, label: str) -> str:
    (x, y), (wide, tall) = place, size
    return (
        f'<rect x="{x:.1f}" y="{y:.1f}" width="{wide:.1f}" height="{tall:.1f}" fill="{colour}">'
        f"<title>{escape(label)}</title></rect>"
    )
