"""Line charts as SVG: one file, no script, readable on a light and on a dark page."""
import html
import math

WIDTH, HEIGHT = 720, 400
LEFT, RIGHT, TOP, BOTTOM = 70, 150, 58, 56
COLOURS = ["#0b7285", "#e8590c", "#5f3dc4", "#2b8a3e", "#a61e4d", "#868e96"]
DASHES = ["", "6 3", "2 3", "8 3 2 3", "4 4", "1 4"]  # told apart without colours, too
STYLE = ("text{font:12px system-ui,sans-serif;fill:#212529}.title{font-size:15px;font-weight:600}.grid{stroke:#ced4da;stroke-width:1}"
         "@media(prefers-color-scheme:dark){text{fill:#dee2e6}.grid{stroke:#495057}}")


def ticks(low, high, logarithmic):
    """Round values within [low, high]."""
    if logarithmic:
        powers = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
        values = [digit * 10.0 ** power for power in powers for digit in (1, 2, 5)]
        return [value for value in values if low * 0.999 <= value <= high * 1.001]
    step = 10.0 ** math.floor(math.log10((high - low) / 4))
    step = next(step * factor for factor in (1, 2, 5, 10) if (high - low) / (step * factor) <= 6)
    return [step * count for count in range(math.ceil(low / step), math.floor(high / step) + 1)]


def short(value):
    for unit, name in ((1e6, "M"), (1e3, "k")):
        if value >= unit:
            return f"{value / unit:g}{name}"
    return f"{value:g}"


def line_chart(title, subtitle, x_name, y_name, series, logarithmic_y=False, x_text=short):
    """`series` is {name: [(x, y), ...]} with positive values; x is logarithmic and labelled where there are points."""
    xs = sorted({x for points in series.values() for x, _ in points})
    ys = [y for points in series.values() for _, y in points]
    low, high = (min(ys) / 1.3, max(ys) * 1.3) if logarithmic_y else (0, max(ys) * 1.1)

    def x_of(x):
        span = math.log(xs[-1] / xs[0]) or 1
        return LEFT + (WIDTH - LEFT - RIGHT) * math.log(x / xs[0]) / span

    def y_of(y):
        share = math.log(y / low) / math.log(high / low) if logarithmic_y else (y - low) / (high - low)
        return HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * share

    parts = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img"><title>{html.escape(title)}</title>'
             f'<style>{STYLE}</style><text class="title" x="{LEFT}" y="22">{html.escape(title)}</text>'
             f'<text x="{LEFT}" y="40">{html.escape(subtitle)}</text>']
    for tick in ticks(low, high, logarithmic_y):
        parts.append(f'<line class="grid" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y_of(tick):.1f}" y2="{y_of(tick):.1f}"/>'
                     f'<text x="{LEFT - 8}" y="{y_of(tick) + 4:.1f}" text-anchor="end">{short(tick)}</text>')
    for x in xs:
        parts.append(f'<text x="{x_of(x):.1f}" y="{HEIGHT - BOTTOM + 18}" text-anchor="middle">{x_text(x)}</text>')
    parts.append(f'<text x="{(LEFT + WIDTH - RIGHT) / 2}" y="{HEIGHT - 12}" text-anchor="middle">{html.escape(x_name)}</text>'
                 f'<text transform="translate(18 {(TOP + HEIGHT - BOTTOM) / 2}) rotate(-90)" text-anchor="middle">'
                 f'{html.escape(y_name)}</text>')
    ends = spaced([y_of(points[-1][1]) for points in series.values()])
    for index, (name, points) in enumerate(series.items()):
        colour, dash = COLOURS[index % len(COLOURS)], DASHES[index % len(DASHES)]
        path = " ".join(f"{x_of(x):.1f},{y_of(y):.1f}" for x, y in points)
        parts.append(f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2" stroke-dasharray="{dash}"/>')
        parts += [f'<circle cx="{x_of(x):.1f}" cy="{y_of(y):.1f}" r="3" fill="{colour}"/>' for x, y in points]
        parts.append(f'<text x="{WIDTH - RIGHT + 12}" y="{ends[index] + 4:.1f}" style="fill:{colour}">{html.escape(name)}</text>')
    return "".join(parts) + "</svg>\n"


def spaced(heights, gap=14):
    """The same order, far enough apart for labels."""
    order = sorted(range(len(heights)), key=heights.__getitem__)
    placed = list(heights)
    for before, after in zip(order, order[1:]):
        placed[after] = max(placed[after], placed[before] + gap)
    return placed
