"""What the command line looks at: expressions that are read and never run, scripts, runs."""

import numpy as np
import pytest

import minigrad as mg
from minigrad.subjects import SubjectError, subject_of
from minigrad.tracing import Update
from minigrad.train import RunConfig, train


def value(text, at):
    return subject_of(text, at).loss.item()


# Expressions.


@pytest.mark.parametrize(
    ("text", "at", "expected"),
    [
        ("tanh(x*w + b)", "x=2,w=-3,b=6.88", np.tanh(0.88)),
        ("x**2 - 3*x/4 % 2", "x=3", 9 - 9 / 4 % 2),
        ("-x + +x*2", "x=1.5", 1.5),
        ("np.sin(x) + F.relu(x)", "x=1", np.sin(1) + 1),
        ("sum(W @ x)", "W=[[1,2],[3,4]],x=[1,-1]", -2),
        ("sum(x[1:] * x[0])", "x=[2,3,4]", 14),
        ("x[-1] + x.sum() + (x.T @ x)", "x=[1,2]", 10),
        ("sum(x, axis=0)[1] + x.reshape(4)[0]", "x=[[1,2],[3,4]]", 7),
        ("mean(where(x, x, pi*x))", "x=[1, 1]", 1),
        ("(a := x*2) + a*3", "x=1", 8),
        ("cross_entropy(x, [1])", "x=[[0,0]]", np.log(2)),
        ("x*w", " x = 2 , w = 2*pi/pi ", 4),
        ("concatenate([x, x]).sum()", "x=[1,2]", 6),
    ],
)
def test_expressions(text, at, expected):
    assert value(text, at) == pytest.approx(expected, rel=1e-6)


def test_names_are_those_in_the_text():
    subject = subject_of("(a := x*2) + a*w", "w=1,x=[3.0]")
    trace = mg.trace_backward(subject.loss)
    assert [node.name for node in trace.nodes] == ["x", "w", "a", "multiply_4", "add_5"]
    assert subject.title == "(a := x*2) + a*w"


@pytest.mark.parametrize(
    ("text", "at", "message"),
    [
        ("x*w", "x=1", "the expression needs a value for w: give it with --at w=..."),
        ("x*w+b", "w=1", "the expression needs values for x and b: give it with --at x=...,b=..."),
        ("x", "x=1,y=2", "--at gives a value for y, which is not in 'x'"),
        ("x", "x=1,x=2", "--at gives x twice"),
        ("x", "x", "--at expects NAME=VALUE, as in x=2,w=[1,-3]; got 'x'"),
        ("x", "x=", "--at expects NAME=VALUE"),
        ("x", "2=x", "--at expects NAME=VALUE"),
        ("x", "x=[1,[2,3]]", "x=[1,[2,3]] is no number and no array of numbers"),
        ("x", "x='a'", "x='a' is no number"),
        ("x*2", "x=[1,2]", "has shape (2,): a loss is one number; write sum(...) or mean(...)"),
        ("2*3", "", "has no derivative"),
        ("argmax(x)", "x=[1,2]", "has no derivative"),
        (
            "foo bar",
            "",
            "is neither the folder of a run, nor SCRIPT.py:FUNCTION, nor an expression",
        ),
        ("", "", "is neither"),
        ("x +", "x=1", "is neither"),
        ("zzz(x)", "x=1", "zzz is no function that can be used here"),
        ("np.load(x)", "x=1", "load is no function that can be used here"),
        ("x @ w", "x=[1,2],w=[1,2,3]", "x @ w: "),
        ("x[5]", "x=[1,2]", "x[5]: "),
        ("x.grad", "x=1", "an expression cannot have .grad in it"),
        ("x.backward()", "x=1", "an expression cannot call .backward()"),
        ("x << 2", "x=1", "an expression cannot have the operator LShift in it"),
        ("x < 2", "x=1", "an expression cannot have a comparison in it"),
        ("10**10**10*x", "x=1", "the exponent 10000000000 is too large"),
        ("sum(**x)", "x=1", "an expression cannot have ** in it"),
    ],
)
def test_errors_of_expressions(text, at, message):
    with pytest.raises(SubjectError) as caught:
        subject_of(text, at)
    assert message in str(caught.value)


@pytest.mark.parametrize(
    "text",
    [
        "__import__('os').system('touch caught')",
        "().__class__.__bases__[0].__subclasses__()",
        "x.__class__",
        "x.__init__.__globals__",
        "(lambda: open('caught', 'w'))()",
        "[open('caught', 'w') for y in x]",
        "f'{x.__class__}'",
        "exec('import os')",
        "np.__builtins__['open']('caught', 'w')",
        "np.ctypeslib.load_library('x', 'y')",
        "np.lib.npyio.DataSource(x)",
        "np.save('caught', x)",
        "np.fromfile('/etc/passwd')",
        "F.__builtins__",
        "x if x else x",
        "{x: x}",
        "(yield x)",
        "await_(x)",
        "open(x)",
    ],
)
def test_no_code_is_run(text, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SubjectError):
        subject_of(text, "x=1")
    assert list(tmp_path.iterdir()) == []


def test_a_deep_expression_ends_in_an_error():
    for depth in (2_000, 200_000):
        with pytest.raises(SubjectError):
            subject_of("-(" * depth + "x" + ")" * depth, "x=1")


# Scripts.


SCRIPT = """
import numpy as np
import minigrad as mg
from beside import FACTOR

def loss():
    w = mg.Parameter(np.ones(3, np.float32) * FACTOR)
    w.name = "w"
    return (w * w).sum(), mg.optim.SGD([w], lr=0.1)

def alone():
    return loss()[0]

def number():
    return 3

def bad():
    raise ValueError("no such luck")
"""


@pytest.fixture
def script(tmp_path):
    (tmp_path / "beside.py").write_text("FACTOR = 2\n")
    path = tmp_path / "look.py"
    path.write_text(SCRIPT)
    return path


def test_a_function_in_a_script(script):
    subject = subject_of(f"{script}:loss")
    assert subject.loss.item() == 12.0 and subject.title == "look.py: loss"
    trace = mg.trace_backward(subject.loss, optimizer=subject.optimizer)
    assert trace.nodes[0].name == "w"  # which is alive
    assert any(isinstance(r, Update) for r in trace)
    assert trace.nodes[1].origin.source == "return (w * w).sum(), mg.optim.SGD([w], lr=0.1)"
    assert subject_of(f"{script}:alone").optimizer is None


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("missing", "there is no function 'missing' in it"),
        ("FACTOR", "there is no function 'FACTOR' in it"),
        ("number", "number must return the loss, a tensor, or (loss, optimizer); it returned int"),
        ("bad", "look.py, line 18: ValueError: no such luck"),
    ],
)
def test_errors_of_scripts(script, name, message):
    with pytest.raises(SubjectError) as caught:
        subject_of(f"{script}:{name}")
    assert message in str(caught.value)


def test_scripts_that_cannot_be_read(tmp_path, script):
    with pytest.raises(SubjectError, match="there is no such script"):
        subject_of(f"{tmp_path}/nowhere.py:loss")
    with pytest.raises(SubjectError, match=r"name the function that returns the loss: .*:FUNCTION"):
        subject_of(str(script))
    script.write_text("def (")
    with pytest.raises(SubjectError, match="look.py.*SyntaxError"):
        subject_of(f"{script}:loss")
    with pytest.raises(SubjectError, match="a script has its own"):
        subject_of(f"{script}:loss", "x=1")


# Runs.


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    folder = tmp_path_factory.mktemp("runs") / "iris"
    with open(folder.parent / "log", "w") as lines:
        train(RunConfig("iris", hidden=(5,), epochs=2), folder, lines=lines)
    return folder


def test_the_network_of_a_run(run):
    subject = subject_of(str(run), rows=3)
    trace = mg.trace_backward(subject.loss, optimizer=subject.optimizer)
    assert subject.title == "iris: iris, after epoch 2" and subject.loss.name == "loss"
    assert set(trace.gradients) == {"0.weight", "0.bias", "2.weight", "2.bias"}
    assert trace.updates[0].optimizer == "Adam" and trace.updates[0].state_after["t"] == 5
    first = next(n for n in trace.nodes if n.operation == "linear")
    assert first.value.shape == (3, 5) and first.origin.module == "Sequential.0"


def test_errors_of_runs(run, tmp_path):
    with pytest.raises(ValueError, match="expected the folder of a run"):
        subject_of(str(tmp_path))
    with pytest.raises(SubjectError, match="--rows must be at least 1, got 0"):
        subject_of(str(run), rows=0)
    with pytest.raises(SubjectError, match="a run has its own"):
        subject_of(str(run), "x=1")
