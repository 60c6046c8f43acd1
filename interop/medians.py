"""Compares two programs by the medians of their runs: medians.py NAME=FILE NAME=FILE [LIMIT].

A line of FILE is a run: elapsed seconds, CPU seconds and peak memory in KiB. Prints each median with the ratio of the
first to the second. With LIMIT, exits 1 if the ratio of the CPU seconds is above it.
"""

import statistics
import sys

COLUMNS = ("elapsed", 1, "s"), ("CPU", 1, "s"), ("memory", 1024, "MiB")


def main(first, second, limit="inf"):
    names, files = zip(first.split("=", 1), second.split("=", 1))
    medians = [columns(file) for file in files]
    said = []
    for (what, scale, unit), one, other in zip(COLUMNS, *medians):
        figures = [f"{name} {value / scale:.1f} {unit}" for name, value in zip(names, (one, other))]
        said.append(f"{what}: {', '.join(figures)} ({one / other:.2f})")
    print("; ".join(said))
    return 1 if medians[0][1] / medians[1][1] > float(limit) else 0


def columns(file):
    with open(file) as lines:
        runs = [[float(figure) for figure in line.split()] for line in lines]
    return [statistics.median(column) for column in zip(*runs)]


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
