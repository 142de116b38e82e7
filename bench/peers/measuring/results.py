"""What a run leaves in a folder: a report, its plots, and every measurement it is made from."""
import json
import pathlib


class Results:
    """Files of one comparison; with no folder nothing is written."""

    def __init__(self, folder, name):
        self._folder = pathlib.Path(folder) if folder else None
        self._name = name
        self._plots = []
        if self._folder:
            self._folder.mkdir(parents=True, exist_ok=True)

    def plot(self, name, title, svg):
        if self._folder:
            file = f"{self._name}_{name}.svg"
            (self._folder / file).write_text(svg, encoding="utf-8")
            self._plots.append(f"![{title}]({file})\n")

    def write(self, report, measurements):
        if self._folder:
            plots = "\n".join(self._plots)
            (self._folder / f"{self._name}.md").write_text(report + ("\n" + plots if plots else ""), encoding="utf-8")
            (self._folder / f"{self._name}.json").write_text(json.dumps(measurements, separators=(",", ":")) + "\n", encoding="utf-8")
