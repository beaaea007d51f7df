"""Puts this folder on the import path, so that every test can say `from samples import SAMPLES`.

Prints the table of the examples that were run in full, and tells of tests that were left out.
"""

import browser

HEAD = ("example", "metric", "goal", "seed 0", "seed 1", "seed 2", "seconds")


def pytest_terminal_summary(terminalreporter):
    reports = [*terminalreporter.getreports("passed"), *terminalreporter.getreports("failed")]
    rows = [value for r in reports for key, value in r.user_properties if key == "example"]
    if rows:
        terminalreporter.section("examples")
        for row in [HEAD, *sorted(rows)]:
            cells = [cell if isinstance(cell, str) else f"{cell:.6g}" for cell in row]
            terminalreporter.write_line("| " + " | ".join(cells) + " |")
    if browser.PATH is None and not browser.IS_REQUIRED:
        terminalreporter.write_line(f"\nNOTE: {browser.LEFT_OUT}", yellow=True, bold=True)
