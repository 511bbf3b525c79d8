"""The look of charts: one style sheet, colours that stay apart for the colour-blind."""

from __future__ import annotations

COLOUR_COUNT = 8
"""Lines and bars have this many colours; the next one begins again."""

# Tones after Okabe and Ito, darkened or lightened until they stand out from the background.
_LIGHT = ("#0067a5", "#c04f00", "#007a5a", "#a8437e", "#8a6d00", "#2f8fc4", "#5b4fb0", "#4d5661")
_DARK = ("#5cb3ec", "#f0904a", "#3cc99a", "#e08fbe", "#e3c341", "#8fd0f5", "#a99df2", "#aab4bf")
_INK = {
    "ink": ("#1c2733", "#e6ebf0"),
    "muted": ("#5a6672", "#a3adb8"),
    "grid": ("#d9dfe5", "#39424c"),
}


def _variables(scheme: int) -> str:
    """The fallbacks of a scheme; what the page sets as ``--chart-...`` goes before them."""
    colours = (_LIGHT, _DARK)[scheme]
    pairs = [f"--c{number}:var(--chart-{number},{tone})" for number, tone in enumerate(colours)]
    pairs += [f"--{name}:var(--chart-{name},{tones[scheme]})" for name, tones in _INK.items()]
    return ";".join(pairs)


def _colour_rules() -> str:
    numbers = range(COLOUR_COUNT)
    strokes = "".join(f".pyf-chart .s{n}{{stroke:var(--c{n})}}" for n in numbers)
    fills = "".join(f".pyf-chart .f{n}{{fill:var(--c{n})}}" for n in numbers)
    return strokes + fills


STYLE = (
    f".pyf-chart{{{_variables(0)};max-width:100%;height:auto;"
    "font:12px system-ui,sans-serif;font-variant-numeric:tabular-nums}"
    f"@media(prefers-color-scheme:dark){{.pyf-chart{{{_variables(1)}}}}}"
    f'[data-theme="light"] .pyf-chart{{{_variables(0)}}}'
    f'[data-theme="dark"] .pyf-chart{{{_variables(1)}}}'
    ".pyf-chart text{fill:var(--muted)}"
    ".pyf-chart .head{fill:var(--ink);font-weight:600;font-size:14px}"
    ".pyf-chart .label{fill:var(--ink)}"
    ".pyf-chart .grid{stroke:var(--grid);stroke-width:1}"
    ".pyf-chart .line{fill:none;stroke-width:2;stroke-linejoin:round;stroke-linecap:round}"
    ".pyf-chart .faint{stroke-width:1;opacity:.4}"
    ".pyf-chart .dashed{stroke-dasharray:5 4}"
    ".pyf-chart .band{stroke:none;opacity:.18}"
    ".pyf-chart .mark{stroke:var(--muted);stroke-width:1;stroke-dasharray:2 3}"
    ".pyf-chart .gap{fill:var(--grid);opacity:.45}" + _colour_rules()
)
"""The style sheet of all charts."""
