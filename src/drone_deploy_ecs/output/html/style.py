"""How the page looks: in light and dark, on paper, on a telephone. Colours are named once for each."""

from __future__ import annotations

LIGHT = {
    "page": "#ffffff", "panel": "#f5f7fa", "text": "#1a202c", "muted": "#4a5568", "line": "#cfd6df", "focus": "#1d4ed8",
    "good": "#14602f", "good-panel": "#dcf5e4", "bad": "#991b1b", "bad-panel": "#fde4e4",
    "odd": "#7a3e00", "odd-panel": "#fdf0cd",
    "before": "#b6c2d1", "before-edge": "#64748b", "ours": "#2563eb", "ours-edge": "#1e3a8a",
    "other": "#c084fc", "other-edge": "#7e22ce", "wanted": "#1a202c",
    "on-before": "#1a202c", "on-ours": "#ffffff", "on-other": "#1a202c", "hook": "#0b5c63", "hook-panel": "#d3f0f2",
}  # fmt: skip
DARK = {
    "page": "#10151c", "panel": "#19212c", "text": "#e6eaf0", "muted": "#aab6c5", "line": "#364355", "focus": "#8ab4ff",
    "good": "#8ce6ab", "good-panel": "#133421", "bad": "#fcaaaa", "bad-panel": "#4a171a",
    "odd": "#fcd55f", "odd-panel": "#3f2d0a",
    "before": "#4b5a6e", "before-edge": "#94a3b8", "ours": "#5b96f7", "ours-edge": "#c3daff",
    "other": "#9d5ce0", "other-edge": "#d8b4fe", "wanted": "#e6eaf0",
    "on-before": "#ffffff", "on-ours": "#10151c", "on-other": "#ffffff", "hook": "#8fe3ea", "hook-panel": "#0d373c",
}  # fmt: skip


def _named(colours: dict[str, str]) -> str:
    return "".join(f"--{name}:{value};" for name, value in colours.items())


STYLE = f"""
:root {{ color-scheme: light dark; {_named(LIGHT)} }}
@media screen and (prefers-color-scheme: dark) {{ :root {{ {_named(DARK)} }} }}
* {{ box-sizing: border-box; }}
body {{ margin: 0 auto; padding: 1.5rem clamp(.75rem, 4vw, 2.5rem); max-width: 68rem; background: var(--page);
  color: var(--text); font: 1rem/1.55 system-ui, sans-serif; overflow-wrap: anywhere; }}
h1, h2, h3 {{ line-height: 1.25; text-wrap: balance; }}
h1 {{ font-size: clamp(1.35rem, 4vw, 1.9rem); margin: .2rem 0 1rem; }}
h2 {{ font-size: 1.3rem; margin: 0 0 .75rem; }}
h3 {{ font-size: 1.05rem; margin: 1.5rem 0 .5rem; }}
p {{ margin: .35rem 0; }}
:focus-visible {{ outline: 3px solid var(--focus); outline-offset: 2px; }}
.kicker {{ color: var(--muted); margin: 0; }}
header, article {{ border: 1px solid var(--line); border-left: .5rem solid var(--edge); border-radius: .5rem;
  padding: 1.25rem clamp(.9rem, 3vw, 1.75rem); background: var(--panel); margin: 0 0 2rem; }}
article {{ background: none; }}
section {{ margin: 0 0 2rem; }}
.good {{ --edge: var(--good); --tint: var(--good-panel); }}
.bad {{ --edge: var(--bad); --tint: var(--bad-panel); }}
.odd {{ --edge: var(--odd); --tint: var(--odd-panel); }}
.badge {{ display: inline-block; padding: .05em .6em; border: 1px solid var(--edge); border-radius: 2em; font-weight: 600;
  color: var(--edge); background: var(--tint); white-space: nowrap; }}
td .badge {{ font-size: .9rem; }}
.facts {{ display: flex; flex-wrap: wrap; gap: .6rem 2rem; margin: .75rem 0 0; }}
.facts dt {{ color: var(--muted); font-size: .875rem; }}
.facts dd {{ margin: 0; font-weight: 600; }}
.standing, .problems {{ list-style: none; margin: 0; padding: 0; }}
.standing li, .problems li {{ border-left: .3rem solid var(--edge, var(--bad)); background: var(--tint, var(--bad-panel));
  padding: .4rem .9rem; margin: .4rem 0; border-radius: .25rem; }}
.reason {{ font-weight: 600; }}
.dots {{ letter-spacing: .15em; color: var(--muted); }}
.dots .well {{ color: var(--good); }}
.dots .badly {{ color: var(--bad); }}
.causes {{ padding-left: 1.5rem; margin: 0; }}
.causes > li {{ margin: 0 0 1.25rem; }}
.said {{ color: var(--muted); }}
.do {{ border-left: .3rem solid var(--focus); padding-left: .75rem; }}
figure {{ margin: .75rem 0; }}
figcaption {{ color: var(--muted); font-size: .9rem; }}
pre {{ margin: .25rem 0; padding: .75rem 1rem; border: 1px solid var(--line); border-radius: .375rem;
  background: var(--panel); font: .875rem/1.5 ui-monospace, monospace; white-space: pre-wrap; }}
summary {{ cursor: pointer; color: var(--focus); width: fit-content; padding: .15rem 0; }}
table {{ border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; overflow-wrap: normal; }}
caption {{ text-align: left; color: var(--muted); padding: .25rem 0; }}
th, td {{ text-align: left; white-space: nowrap; vertical-align: middle; padding: .35rem .9rem .35rem 0; border-bottom: 1px solid var(--line); }}
thead th {{ color: var(--muted); font-size: .875rem; }}
tbody th {{ font-weight: 600; }}
td:last-child:has(.spark) {{ min-width: 9rem; width: 30%; padding-right: 0; }}
.scrollable {{ overflow-x: auto; position: relative; }}
.lines, .moments {{ list-style: none; padding: 0; margin: .5rem 0; }}
.lines {{ font-size: .9rem; }}
time {{ color: var(--muted); font-variant-numeric: tabular-nums; white-space: nowrap; }}
.moments {{ counter-reset: moment; }}
.moments li {{ counter-increment: moment; position: relative; padding-left: 2.25rem; margin: .5rem 0; min-height: 1.6rem; }}
.moments li::before {{ content: counter(moment); position: absolute; left: 0; top: .1rem; min-width: 1.4rem; height: 1.4rem;
  border: 1.5px solid var(--muted); border-radius: 1rem; font: 600 .75rem/1.25rem system-ui, sans-serif; text-align: center;
  color: var(--text); background: var(--page); }}
.moments .alarming::before {{ color: var(--page); background: var(--bad); border-color: var(--bad); }}
.moments p {{ margin: 0; }}
.legend {{ list-style: none; padding: 0; margin: .5rem 0 0; display: flex; flex-wrap: wrap; gap: .3rem 1.25rem; }}
.swatch {{ display: inline-block; width: 1.1em; height: .8em; margin-right: .45em; background: var(--fill);
  border: 1.5px solid var(--stroke); }}
.swatch.starting {{ background: color-mix(in srgb, var(--fill) 35%, var(--page)); }}
.swatch.wanted {{ height: 0; border: 0; border-top: 2px dashed var(--wanted); background: none; vertical-align: middle; }}
.before {{ --fill: var(--before); --stroke: var(--before-edge); --on: var(--on-before); }}
.ours {{ --fill: var(--ours); --stroke: var(--ours-edge); --on: var(--on-ours); }}
.other {{ --fill: var(--other); --stroke: var(--other-edge); --on: var(--on-other); }}
.works {{ --fill: var(--panel); --stroke: var(--line); --on: var(--muted); }}
.bakes {{ --fill: var(--odd-panel); --stroke: var(--odd); --on: var(--odd); }}
.hook {{ --fill: var(--hook-panel); --stroke: var(--hook); --on: var(--hook); }}
.pause {{ --fill: var(--hook); --stroke: var(--hook); --on: var(--page); }}
.back {{ --fill: var(--bad-panel); --stroke: var(--bad); --on: var(--bad); }}
.rollout {{ padding: 0 1rem 0 1.9rem; }}
.rollout figcaption {{ margin-left: -1.9rem; }}
svg {{ display: block; overflow: visible; font: .75rem system-ui, sans-serif; }}
rect {{ fill: var(--fill); stroke: var(--stroke); shape-rendering: crispEdges; }}
.starting rect {{ fill: color-mix(in srgb, var(--fill) 35%, var(--page)); }}
.bars rect {{ fill: var(--edge); stroke: none; }}
svg text {{ fill: var(--muted); }}
svg .label {{ fill: var(--on); font-weight: 600; }}
svg .name {{ fill: var(--text); }}
@media (max-width: 50rem) {{ .roomy {{ display: none; }} }}
.grid line {{ stroke: var(--line); }}
.axis line {{ stroke: var(--muted); }}
.wanted line {{ stroke: var(--wanted); stroke-width: 2; stroke-dasharray: 5 4; }}
.marks line {{ stroke: var(--muted); stroke-dasharray: 1 3; }}
.marks circle {{ fill: var(--page); stroke: var(--muted); stroke-width: 1.5; }}
.marks text {{ fill: var(--text); font-weight: 600; }}
.marks .alarming line {{ stroke: var(--bad); stroke-dasharray: none; }}
.marks .alarming circle {{ fill: var(--bad); stroke: var(--bad); }}
.marks .alarming text {{ fill: var(--page); }}
footer {{ color: var(--muted); font-size: .875rem; border-top: 1px solid var(--line); padding-top: .75rem; }}
@media print {{
  body {{ padding: 0; max-width: none; font-size: .8rem; }}
  * {{ print-color-adjust: exact; }}
  .causes > li, figure, tr, .standing li, .moments li {{ break-inside: avoid; }}
  h2, h3 {{ break-after: avoid; }}
  details:not([open]) {{ display: none; }}
  .scrollable {{ overflow: visible; }}
}}
"""
