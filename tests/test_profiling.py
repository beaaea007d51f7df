"""`mg.profile`: what is counted, the tables, the flame graph, the trace for Perfetto."""

import json
import time

import browser
import numpy as np
import pytest

import minigrad as mg
import minigrad.functional as F
from minigrad import modes, nn
from minigrad.profiling.rows import Row

X = np.ones((16, 64), np.float32)


def network():
    rng = np.random.default_rng(0)
    return nn.Sequential(nn.Linear(64, 32, rng=rng), nn.ReLU(), nn.Linear(32, 10, rng=rng))


@pytest.fixture(scope="module")
def profile():
    net = network()
    with mg.profile() as profile:
        for _ in range(3):
            net.zero_grad()
            (net(X) ** 2).mean().backward()
    return profile


def rows(found):
    return {row.name: row for row in found}


# What is counted.


def test_calls_and_rules_by_operation(profile):
    counts = {name: (r.calls, r.rules) for name, r in rows(profile.by_operation()).items()}
    assert counts == {"linear": (6, 15), "relu": (3, 3), "square": (3, 3), "mean": (3, 3)}


def test_calls_and_rules_by_module(profile):
    counts = {name: (r.calls, r.rules) for name, r in rows(profile.by_module()).items()}
    assert counts == {
        "Sequential": (9, 18), "Sequential.0": (3, 6), "Sequential.1": (3, 3),
        "Sequential.2": (3, 9),
    }  # fmt: skip


def test_bytes_are_those_of_the_results(profile):
    found = rows(profile.by_operation())
    forward = 3 * (16 * 32 + 16 * 10) * 4
    gradients = 3 * (32 * 64 + 32 + 10 * 32 + 10 + 16 * 32) * 4
    assert found["linear"].nbytes == forward + gradients
    assert found["relu"].nbytes == 3 * 2 * 16 * 32 * 4


def test_a_view_takes_no_memory():
    x = mg.tensor(X, requires_grad=True)
    with mg.profile() as profile:
        _ = x.T
    assert [span.nbytes for span in profile.spans] == [0]


def test_flops():
    x, w = mg.tensor(X, requires_grad=True), mg.tensor(np.ones((64, 32)), requires_grad=True)
    with mg.profile() as profile:
        y = x @ w
        np.tanh(y).sum().backward()
    flops = {(s.name, s.argument): s.flops for s in profile.spans}
    assert flops["matmul", None] == 2 * 16 * 64 * 32
    assert flops["matmul", 0] == flops["matmul", 1] == 2 * 16 * 64 * 32
    assert flops["tanh", None] == 16 * 32
    assert flops["tanh", 0] == 3 * 16 * 32  # g * (1 - y * y)
    assert flops["add.reduce", None] == 16 * 32


def test_flops_look_inside_primitives_and_agree_with_the_summary():
    net = network()
    with mg.profile() as profile:
        net(X)
    linear = [s.flops for s in profile.spans if s.name == "linear"]
    products = [row.multiply_adds for row in net.summary((16, 64)).rows if row.kind == "Linear"]
    assert linear == [2 * products[0] + 16 * 32, 2 * products[1] + 16 * 10]  # and the biases


def test_rules_that_share_a_computation_count_it_once():
    @mg.primitive
    def wave(x, phase):
        return np.sin(x + phase)

    from minigrad.vjps import defvjp_sharing

    defvjp_sharing(
        wave,
        lambda g, y, x, phase: g * np.cos(x + phase),
        lambda s, y, x, phase: s,
        lambda s, y, x, phase: s,
    )
    x, phase = (mg.tensor(np.ones(5), requires_grad=True) for _ in range(2))
    with mg.profile() as profile:
        for _ in range(2):
            wave(x, phase).sum().backward()
    rules = [s.flops for s in profile.spans if s.kind == "rule" and s.name == "wave"]
    assert rules == [15, 0, 15, 0]


def test_counting_draws_no_numbers_and_changes_no_result():
    def run(block):
        rng = np.random.default_rng(0)
        net = nn.Sequential(nn.Linear(64, 8, rng=rng), nn.Dropout(0.5, rng=rng))
        with block:
            for _ in range(2):
                loss = (net(X) ** 2).sum()
                loss.backward()
        return loss.data, [p.grad.data for p in net.parameters()]

    plain, profiled = run(mg.enable_grad()), run(mg.profile())
    assert plain[0] == profiled[0]
    assert all(np.array_equal(a, b) for a, b in zip(plain[1], profiled[1], strict=True))


def test_without_flops():
    with mg.profile(flops=False) as profile:
        network()(X)
    assert {span.flops for span in profile.spans} == {0}


# Times.


def test_times_add_up(profile):
    by_operation, by_module = rows(profile.by_operation()), rows(profile.by_module())
    whole = by_module["Sequential"]
    parts = [by_module[f"Sequential.{k}"] for k in range(3)]
    assert whole.seconds == pytest.approx(sum(part.seconds for part in parts))
    in_operations = sum(s.own for s in profile.spans if s.kind != "module") / 1e9
    assert sum(row.seconds for row in by_operation.values()) == pytest.approx(in_operations)


def test_spans_are_nested(profile):
    """On the profile's own clock, each lies inside another or beside it."""
    open_until = []
    for span in profile.spans:
        while open_until and open_until[-1] <= span.start:
            open_until.pop()
        end = span.start + span.duration
        assert not open_until or end <= open_until[-1]
        assert span.duration >= span.inner >= 0
        open_until.append(end)


def test_a_slow_operation_takes_the_time_and_counting_it_does_not():
    @mg.primitive
    def slow(x):
        time.sleep(0.02)
        return x * 2

    mg.defvjp(slow, lambda g, y, x: g * 2)
    x = mg.tensor([1.0], requires_grad=True)
    with mg.profile() as profile:
        slow(x).sum().backward()
    row = rows(profile.by_operation())["slow"]
    assert 0.02 <= row.forward < 0.035
    assert profile.spans[1].start / 1e9 < 0.035


def test_nobody_is_asked_outside():
    before = modes.observers
    with mg.profile():
        assert modes.observers == before + 1
    assert modes.observers == before
    with pytest.raises(RuntimeError), mg.profile() as profile:
        raise RuntimeError
    assert modes.observers == before
    assert profile.spans == []


def test_an_operation_that_fails_ends_its_span():
    x = mg.tensor(X, requires_grad=True)
    with mg.profile() as profile, pytest.raises(ValueError):
        x @ x
    assert [span.name for span in profile.spans] == ["matmul"]
    with profile:
        _ = x * 2
    assert profile.spans[1].name == "multiply"


def test_a_recorded_backward_pass_has_spans_inside_its_rules():
    x = mg.tensor(2.0, requires_grad=True)
    with mg.profile() as profile:
        mg.grad(np.sin(x), x, create_graph=True)
    spans = [(s.kind, s.name, s.phase) for s in profile.spans]
    assert spans == [
        ("operation", "sin", "forward"),
        ("rule", "sin", "backward"),
        ("operation", "cos", "backward"),
        ("operation", "multiply", "backward"),
    ]
    rule = profile.spans[1]
    assert rule.inner == sum(span.duration for span in profile.spans[2:])


def test_compiled_functions_are_profiled_as_they_are_written():
    @mg.compile
    def f(x):
        return np.exp(x) * 2

    f(mg.tensor(X))
    with mg.profile() as profile:
        f(mg.tensor(X))
    assert [span.name for span in profile.spans] == ["exp", "multiply"]


def test_other_watchers_look_on_too():
    x = mg.tensor(0.0, requires_grad=True)
    with mg.profile(), mg.detect_anomaly(), pytest.raises(FloatingPointError):
        np.log(x)
    with mg.profile() as outer, mg.profile() as inner:
        np.exp(x).backward()
    assert len(outer.spans) == len(inner.spans) == 2


# Drawings.


def test_a_drawing_shows_times():
    net = network()
    with mg.profile() as profile:
        loss = (net(X) ** 2).mean()
    times = {s.name: s.duration for s in profile.spans if s.kind == "operation"}
    drawing = mg.draw(loss, profile=profile)
    box = next(box for box in drawing.sketch.boxes if box.title == "relu")
    assert box.amounts.seconds == pytest.approx(times["relu"] / 1e9)
    assert drawing.sketch.text_of(box)[-1].endswith("s")
    closed = mg.draw(loss, profile=profile, depth=0).sketch.boxes[0]
    inside = [s for s in profile.spans if s.kind == "operation" and s.modules]
    assert closed.amounts.seconds == pytest.approx(sum(s.duration for s in inside) / 1e9)


# Tables and files.


def test_the_table(profile):
    lines = str(profile).splitlines()
    assert lines[0].split() == [
        "operation", "calls", "forward", "rules", "backward", "share", "memory", "FLOPs", "per",
        "second",
    ]  # fmt: skip
    assert lines[-1].startswith("total") and "100.0 %" in lines[-1]
    assert len(lines) == 6
    assert profile.table("module").splitlines()[1].startswith("Sequential ")
    with pytest.raises(ValueError, match=r'tables by "operation" and by "module", not by \'line\''):
        profile.table("line")


def test_an_empty_profile(tmp_path):
    with mg.profile() as profile:
        pass
    assert str(profile).splitlines()[-1].split()[:2] == ["total", "0"]
    profile.save(tmp_path / "nothing.html")


def test_a_row_adds_up():
    assert Row("x", forward=1.0, backward=2.0).seconds == 3.0


def test_files(profile, tmp_path):
    for name in ("profile.html", "profile.json", "profile.txt"):
        profile.save(tmp_path / name)
    assert (tmp_path / "profile.html").read_text().startswith("<!doctype html>")
    assert json.loads((tmp_path / "profile.json").read_text()) == profile.chrome_trace()
    assert (tmp_path / "profile.txt").read_text().count("total") == 2
    with pytest.raises(ValueError, match=r"suffix must be one of \.html, \.json, \.txt"):
        profile.save(tmp_path / "profile.csv")


def test_the_trace_keeps_to_the_trace_event_format(profile):
    """Complete events have a name, a category, times in microseconds that nest, and integers for
    process and thread; metadata events name those."""
    trace = json.loads(json.dumps(profile.chrome_trace(), allow_nan=False))
    assert trace["displayTimeUnit"] in ("ms", "ns")
    open_until = {}
    for event in trace["traceEvents"]:
        assert isinstance(event["name"], str)
        assert type(event["pid"]) is type(event["tid"]) is int
        if event["ph"] == "M":
            assert event["name"] in ("process_name", "thread_name")
            assert isinstance(event["args"]["name"], str)
            continue
        assert event["ph"] == "X"
        assert isinstance(event["cat"], str) and isinstance(event["args"], dict)
        assert event["ts"] >= 0 and event["dur"] >= 0
        stack = open_until.setdefault((event["pid"], event["tid"]), [])
        while stack and stack[-1] <= event["ts"] + 1e-6:
            stack.pop()
        end = event["ts"] + event["dur"]
        assert not stack or end <= stack[-1] + 1e-6
        stack.append(end)
    assert len(trace["traceEvents"]) == 2 + len(profile.spans)


class Hostile(nn.Module):
    def __init__(self):
        setattr(self, '</script><b>"&', nn.Tanh())

    def forward(self, x):
        return next(iter(self.children()))(x)


@pytest.mark.skipif(browser.PATH is None and not browser.IS_REQUIRED, reason=browser.LEFT_OUT)
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_flame_graph_in_a_browser(tmp_path, scheme):
    from playwright.sync_api import sync_playwright

    faults = []
    x = mg.tensor(X, requires_grad=True)
    with mg.profile() as profile:
        F.softmax(Hostile()(x)).sum().backward()
    path = tmp_path / "flame.html"
    profile.save(path)
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=browser.PATH, args=browser.ARGUMENTS)
        page = chromium.new_page(color_scheme=scheme)
        page.on("console", lambda m: faults.append(m.text))
        page.on("pageerror", lambda e: faults.append(str(e)))
        page.on("request", lambda r: r.url.startswith("file:") or faults.append(r.url))
        page.goto(path.as_uri())
        bars = page.locator("#flame button")
        names = bars.all_inner_texts()
        assert names[:2] == ["all", "forward"]
        assert '</script><b>"&: Tanh()' in names
        assert page.locator("b").count() == 0
        widths = [bars.nth(k).bounding_box()["width"] for k in range(2)]
        assert widths[1] <= widths[0]
        page.get_by_role("button", name="backward:").click()
        assert page.locator("#path button").all_inner_texts() == ["all", "backward"]
        assert bars.first.inner_text() == "backward"
        page.keyboard.press("Escape")
        assert bars.first.inner_text() == "all"
        page.keyboard.press("Tab")
        page.keyboard.press("Enter")
        assert bars.first.inner_text() == "forward"
        chromium.close()
    assert faults == []
