"""Run all benchmarks, or those that are named, and write a table and a figure: ./run.sh bench [NAME ...]."""

import importlib
import logging
import sys
import time
from pathlib import Path

import matplotlib.pyplot as plt
import pandas as pd
import torch

NAMES = ("kernel", "lanes", "closed", "costs", "workers", "studies", "peer", "split", "noise", "walks")
FOLDER = Path("results/benchmarks")


def plot(table: pd.DataFrame) -> None:
    """Draw every number that has to reach a bound, on one axis: how far from the bound it is."""
    bound = table["at_least"].fillna(table["at_most"])
    shown = table[bound.notna()].iloc[::-1]
    bound = bound[shown.index]
    figure, axes = plt.subplots(figsize=(7.2, 0.26 * len(shown) + 1), layout="constrained")
    for place, (index, entry) in enumerate(shown.iterrows()):
        low, middle, high = (entry[name] / bound[index] for name in ("quartile_1", "median", "quartile_3"))
        axes.plot([low, high], [place, place], color="0.6")
        axes.plot(middle, place, "o" if entry["met"] else "x", color="tab:blue" if entry["met"] else "tab:red")
        axes.text(
            1.01, place, f"{entry['median']:.3g} {entry['unit']}", va="center", transform=axes.get_yaxis_transform()
        )
    labels = [
        f"{entry['benchmark']}, {entry['case']} ({'at least' if pd.notna(entry['at_least']) else 'at most'}"
        f" {bound[index]:g} {entry['unit']})".replace(" )", ")")
        for index, entry in shown.iterrows()
    ]
    axes.set(yticks=range(len(shown)), xscale="log", xlabel="measured / bound (cross: not met)")
    axes.set_yticklabels(labels, fontsize=7)
    axes.axvline(1, color="0.3", linewidth=0.8)
    for suffix in ("png", "pdf"):
        figure.savefig(FOLDER / f"benchmarks.{suffix}", dpi=150)


def main(names: list[str]) -> None:
    """Measure and write; the rows of benchmarks that were not named stay as they were."""
    if unknown := set(names) - set(NAMES):
        sys.exit(f"error: no benchmark {', '.join(sorted(unknown))} (there are {', '.join(NAMES)})")
    torch.set_num_threads(1)
    FOLDER.mkdir(parents=True, exist_ok=True)
    file = FOLDER / "benchmarks.csv"
    table = pd.read_csv(file) if file.exists() else pd.DataFrame({"module": []})
    for name in names or NAMES:
        start = time.perf_counter()
        rows = pd.DataFrame(importlib.import_module(name).measure())
        rows.insert(0, "module", name)
        table = pd.concat([table[table["module"] != name], rows], ignore_index=True)
        table.to_csv(file, index=False, float_format="%.4g")
        logging.info("%s took %.0f s", name, time.perf_counter() - start)
    table = pd.read_csv(file).fillna({"unit": ""})
    plot(table)
    print(table.drop(columns="module").to_string(index=False, na_rep=""))


if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    main(sys.argv[1:])
