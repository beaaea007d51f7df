import copy

import numpy as np
import pytest
from test_train_encoding import assert_same

import minigrad.functional as F
from minigrad import nn, optim
from minigrad.data import DataLoader, Dataset
from minigrad.train import CheckpointError, DivergedError, Trainer, callbacks, metrics
from minigrad.train.stop import Stop

RNG = np.random.default_rng(7)
ROWS, BATCH, EPOCHS = 33, 4, 6  # 9 steps an epoch, the last of 1 row
TRAIN = Dataset(RNG.standard_normal((ROWS, 4)), RNG.integers(0, 3, ROWS), "toy", "classification")
VALID = TRAIN.take(slice(10))
STEPS = EPOCHS * 9


def network(seed=0):
    init, mask = (np.random.default_rng(s) for s in np.random.SeedSequence(seed).spawn(2))
    return nn.Sequential(
        nn.Linear(4, 8, rng=init), nn.ReLU(), nn.Dropout(0.5, rng=mask), nn.Linear(8, 3, rng=init)
    )


def loader_of(seed=1):
    return DataLoader(TRAIN, BATCH, shuffle=True, rng=np.random.default_rng(seed))


def rng_of(seed):
    return np.random.default_rng(seed)


def by_hand(model, optimizer, loader, epochs, clip_norm=None):
    for _ in range(epochs):
        for x, y in loader:
            loss = F.cross_entropy(model(x), y)
            optimizer.zero_grad()
            loss.backward()
            if clip_norm is not None:
                optim.clip_grad_norm(model, clip_norm)
            optimizer.step()
    return model.state_dict()


def trainer_of(model, **options):
    optimizer = optim.Adam(model.named_parameters(), lr=0.05)
    return Trainer(model, F.cross_entropy, optimizer, **options)


@pytest.mark.parametrize("compile", [False, True])
@pytest.mark.parametrize("clip_norm", [None, 0.1])
def test_the_weights_are_those_of_the_hand_written_loop(compile, clip_norm):
    model, twin = network(), network()
    adam = optim.Adam(twin.named_parameters(), lr=0.05)
    expected = by_hand(twin, adam, loader_of(), 3, clip_norm)
    trainer = trainer_of(model, compile=compile, clip_norm=clip_norm)
    trainer.fit(loader_of(), VALID, epochs=3)
    assert_same(model.state_dict(), expected)
    if clip_norm is not None:
        assert_same(trainer.optimizer.state_dict()["state"], adam.state_dict()["state"])
        unclipped = network()
        trainer_of(unclipped).fit(loader_of(), epochs=3)
        assert not np.array_equal(unclipped[0].weight.data, model[0].weight.data)


@pytest.mark.parametrize("data", [TRAIN, (TRAIN.x, TRAIN.y)])
def test_data_that_are_not_a_loader_are_shuffled_in_batches(data):
    model, twin = network(), network()
    trainer_of(model).fit(data, epochs=2, batch_size=BATCH, rng=np.random.default_rng(1))
    trainer_of(twin).fit(loader_of(), epochs=2)
    assert_same(model.state_dict(), twin.state_dict())


@pytest.mark.parametrize("compile", [False, True])
def test_accumulated_gradients_are_those_of_the_whole_batch(compile):
    x = TRAIN.x.astype(np.float64)
    loader = DataLoader((x, TRAIN.y), 10)  # parts of 4, 4 and 2 rows; and a batch of 3: 1, 1, 1

    def trained(accumulate, compile=False):
        model = nn.Linear(
            4, 3, bias=False, init=lambda shape, rng: rng.normal(size=shape), rng=rng_of(0)
        )
        optimizer = optim.SGD(model.named_parameters(), lr=0.5)
        parts = Trainer(
            model, F.cross_entropy, optimizer, metrics=[metrics.Accuracy()],
            accumulate=accumulate, compile=compile,
        )  # fmt: skip
        return model, parts.fit(loader, epochs=3)

    whole, history = trained(1)
    model, parts = trained(3, compile)
    np.testing.assert_allclose(model.weight.data, whole.weight.data, rtol=1e-13, atol=1e-15)
    for row, other in zip(history, parts, strict=True):
        assert row == pytest.approx(other, rel=1e-13)


def test_parts_go_through_the_model_one_after_the_other():
    seen = []
    model = nn.Linear(4, 3)
    model.register_forward_pre_hook(lambda module, args: seen.append(len(args[0])))
    trainer_of(model, accumulate=3).fit(DataLoader(TRAIN, 10), epochs=1)
    assert seen == [4, 4, 2, 4, 4, 2, 4, 4, 2, 1, 1, 1]


class Chance(callbacks.Callback):
    """Draws a number at each step: a callback whose state matters."""

    def __init__(self, seed):
        self.rng = np.random.default_rng(seed)
        self.drawn = []

    def on_step_end(self, session):
        self.drawn.append(self.rng.random())

    def state_dict(self):
        return {"rng": self.rng.bit_generator.state, "drawn": list(self.drawn)}

    def load_state_dict(self, state):
        self.rng.bit_generator.state = state["rng"]
        self.drawn = list(state["drawn"])


class Cut(callbacks.Callback):
    """Stops after a step."""

    def __init__(self, step):
        self.step = step

    def on_step_end(self, session):
        if session.step == self.step:
            session.stop.reason = "cut"


def full_trainer(folder, seed=0, cut=None, compile=False):
    return trainer_of(
        network(seed),
        metrics=[metrics.Accuracy(), metrics.F1()],
        compile=compile,
        clip_norm=1.0,
        callbacks=[
            callbacks.Checkpoints(folder, best="valid_loss", every=2, keep=2),
            callbacks.EarlyStopping(patience=100, restore=False),
            callbacks.GradientMonitor(every=2, vanishing=0, dead_share=1, largest_ratio=10),
            callbacks.NaNStop(),
            callbacks.CSVLog(folder / "log.csv"),
            Chance(seed),
            Cut(cut),
        ],
    )


def outcome(trainer, folder):
    state = {k: v for k, v in trainer.session.state_dict().items() if k != "seconds"}
    return state, (folder / "log.csv").read_bytes()


@pytest.mark.parametrize("compile", [False, True])
def test_a_run_cut_at_any_of_50_steps_and_resumed_is_the_unbroken_run(tmp_path, compile):
    unbroken = full_trainer(tmp_path)
    unbroken.fit(loader_of(), VALID, epochs=EPOCHS)
    expected = outcome(unbroken, tmp_path)
    cuts = np.random.default_rng(0).choice(np.arange(1, STEPS), 50, replace=False)
    assert {0, 8} < {cut % 9 for cut in cuts}  # at the ends of epochs, and in their midst
    for cut in cuts:
        first = full_trainer(tmp_path, cut=cut)
        first.fit(loader_of(), VALID, epochs=EPOCHS)
        assert first.session.step == cut
        second = full_trainer(tmp_path, seed=99, compile=compile)  # all comes from the file
        second.fit(loader_of(seed=98), VALID, epochs=EPOCHS, resume=tmp_path / "last.safetensors")
        assert_same(outcome(second, tmp_path), expected)


def test_cut_and_resumed_again_and_again(tmp_path):
    unbroken = full_trainer(tmp_path)
    unbroken.fit(loader_of(), VALID, epochs=EPOCHS)
    expected = outcome(unbroken, tmp_path)
    resume = None
    for seed, cut in enumerate([1, 2, 8, 9, 10, 27, 40, None]):
        trainer = full_trainer(tmp_path, seed=seed, cut=cut)
        trainer.fit(loader_of(1 if seed == 0 else seed), VALID, epochs=EPOCHS, resume=resume)
        resume = tmp_path / "last.safetensors"
    assert_same(outcome(trainer, tmp_path), expected)


def test_a_second_fit_goes_on():
    model, twin = network(), network()
    trainer = trainer_of(model)
    trainer.callbacks.append(Cut(13))
    trainer.fit(TRAIN, epochs=2, batch_size=BATCH, rng=np.random.default_rng(1))
    assert trainer.session.step == 13
    history = trainer.fit(TRAIN, epochs=3, batch_size=BATCH, rng=np.random.default_rng(2))
    assert [row["epoch"] for row in history] == [1, 2, 3]
    # The epoch in its midst goes on in its own order, and the next ones follow from it.
    expected = trainer_of(twin).fit(loader_of(), epochs=3)
    assert [row["train_loss"] for row in history] == [row["train_loss"] for row in expected]
    assert_same(model.state_dict(), twin.state_dict())
    trainer.fit(TRAIN, epochs=3)
    assert trainer.session.step == 27


@pytest.mark.parametrize("compile", [False, True])
@pytest.mark.parametrize("cut", [1, 13, 18])
def test_a_schedule_goes_on_where_it_was(tmp_path, cut, compile):
    def new(*listening):
        model = nn.Linear(4, 3, rng=rng_of(0))
        optimizer = optim.Adam(model.named_parameters(), lr=optim.schedules.Cosine(0.1, 40))
        return Trainer(model, F.cross_entropy, optimizer, compile=compile, callbacks=listening)

    unbroken, second = new(), new()
    unbroken.fit(loader_of(), epochs=3)
    new(Cut(cut), callbacks.Checkpoints(tmp_path)).fit(loader_of(), epochs=3)
    second.fit(loader_of(), epochs=3, resume=tmp_path / "last.safetensors")
    assert second.optimizer.lr == unbroken.optimizer.lr != 0.1
    assert_same(second.model.state_dict(), unbroken.model.state_dict())


def test_after_an_error_a_second_fit_goes_on():
    """As in a notebook, where someone interrupts a cell and runs it again."""
    model, twin = network(), network()

    def interrupt(session):
        if session.step == 13:
            raise KeyboardInterrupt

    trainer = trainer_of(model, callbacks=[callbacks.Call(interrupt)])
    loader = loader_of()
    with pytest.raises(KeyboardInterrupt):
        trainer.fit(loader, epochs=3)
    history = trainer.fit(loader, epochs=3)
    assert history == trainer_of(twin).fit(loader_of(), epochs=3)
    assert_same(model.state_dict(), twin.state_dict())


@pytest.mark.parametrize("compile", [False, True])
def test_an_optimizer_that_takes_a_closure(compile):
    def setting():
        model = nn.Linear(4, 3, rng=rng_of(0))
        return model, optim.SAM(optim.SGD(model.named_parameters(), lr=0.1))

    model, sam = setting()
    trainer = Trainer(model, F.cross_entropy, sam, compile=compile, clip_norm=0.5)
    history = trainer.fit(loader_of(), epochs=2)
    twin, optimizer = setting()
    loader = loader_of()
    for epoch in range(2):
        losses = []
        for x, y in loader:

            def closure(x=x, y=y):
                optimizer.zero_grad()
                loss = F.cross_entropy(twin(x), y)
                loss.backward()
                optim.clip_grad_norm(twin, 0.5)
                return loss

            losses.append(optimizer.step(closure).item() * len(x))
        assert history[epoch]["train_loss"] == pytest.approx(sum(losses) / ROWS, rel=1e-12)
    assert_same(model.state_dict(), twin.state_dict())


def test_an_optimizer_that_searches_along_a_line():
    """As few full batches as this are enough for L-BFGS, and for no other."""
    y = TRAIN.x @ np.float32([[1], [2], [3], [4]])
    model = nn.Linear(4, 1, rng=rng_of(0))
    optimizer = optim.LBFGS(model.named_parameters())
    trainer = Trainer(model, F.mse_loss, optimizer, metrics=[metrics.R2()])
    history = trainer.fit((TRAIN.x, y), epochs=3, batch_size=ROWS)
    assert history[0]["train_r2"] < 0.5
    assert history[-1]["train_r2"] > 0.9999


def test_a_stop_requested_from_outside():
    stop = Stop()
    stop.signal = 2
    trainer = trainer_of(network())
    assert trainer.fit(TRAIN, epochs=2, stop=stop) == []
    assert trainer.session.step == 0


def test_evaluating_takes_all_rows_of_a_loader():
    model = network()
    trainer = trainer_of(model, metrics={"top": metrics.TopK(2)})
    loader = DataLoader(TRAIN, 10, shuffle=True, drop_last=True, rng=np.random.default_rng(0))
    state = loader.state_dict()
    measured = trainer.evaluate(loader)
    assert measured == trainer.evaluate(TRAIN) == trainer.evaluate((TRAIN.x, TRAIN.y))
    assert list(measured) == ["loss", "top"]
    assert loader.state_dict() == state
    logits = model.eval()(TRAIN.x).data.astype(np.float64)
    assert measured["loss"] == pytest.approx(float(F.cross_entropy(logits, TRAIN.y)), rel=1e-12)


def test_a_metric_of_several_numbers_has_several_columns():
    trainer = trainer_of(network(), metrics=[metrics.Recall(None), metrics.ConfusionMatrix()])
    row = trainer.fit(TRAIN, epochs=1)[0]
    names = ["recall_0", "recall_1", "recall_2"]
    names += [f"confusion_matrix_{i}_{j}" for i in range(3) for j in range(3)]
    assert list(row) == ["epoch", "train_loss", *[f"train_{name}" for name in names]]
    assert sum(row[f"train_{name}"] for name in names[3:]) == ROWS


def test_divergence_is_raised():
    trainer = Trainer(
        model := network(), F.cross_entropy, optim.SGD(model.named_parameters(), lr=1e300)
    )
    with pytest.raises(DivergedError, match="after step 1;"):
        trainer.fit(TRAIN, epochs=1)


def test_a_checkpoint_of_something_else(tmp_path):
    trainer = trainer_of(nn.Linear(4, 3), callbacks=[callbacks.Checkpoints(tmp_path)])
    trainer.fit(TRAIN, epochs=1)
    path = tmp_path / "last.safetensors"
    with pytest.raises(CheckpointError, match="last.safetensors: expected a checkpoint of this"):
        trainer_of(network()).fit(TRAIN, epochs=2, resume=path)
    with pytest.raises(CheckpointError, match="expected batch_size 16"):
        trainer_of(nn.Linear(4, 3)).fit(TRAIN, epochs=2, batch_size=16, resume=path)
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(CheckpointError, match="expected a safetensors file"):
        trainer_of(nn.Linear(4, 3)).fit(TRAIN, epochs=2, resume=path)
    with pytest.raises(FileNotFoundError):
        trainer_of(nn.Linear(4, 3)).fit(TRAIN, epochs=2, resume=tmp_path / "none")


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"accumulate": 0}, ValueError, "accumulate to be a positive integer, found 0"),
        ({"clip_norm": 0.0}, ValueError, "clip_norm to be None or above 0"),
        ({"clip_norm": float("nan")}, ValueError, "clip_norm"),
        ({"metrics": [metrics.accuracy]}, TypeError, "expected a metric such as"),
        ({"metrics": [metrics.F1(), metrics.F1()]}, ValueError, "found 'f1' again"),
        ({"metrics": {"loss": metrics.F1()}}, ValueError, "other than 'loss'"),
        ({"callbacks": [print]}, TypeError, "expected a Callback"),
    ],
)
def test_arguments(options, error, message):
    with pytest.raises(error, match=message):
        trainer_of(nn.Linear(4, 3), **options)


def test_data_of_another_kind():
    with pytest.raises(TypeError, match="expected a Dataset, an array or a tuple"):
        trainer_of(nn.Linear(4, 3)).fit([TRAIN.x, TRAIN.y])


@pytest.mark.parametrize("compile", [False, True])
@pytest.mark.parametrize("cut", [0, 13])
def test_a_copy_trains_a_model_of_its_own(compile, cut):
    """With all that belongs together: model, optimizer, loader, callbacks."""

    def trainer():
        model = network()
        average = callbacks.Averaging(optim.EMA(model, 0.5))
        return trainer_of(model, callbacks=[average, Cut(cut)], compile=compile)

    original, twin = trainer(), trainer()
    for made in (original, twin):
        if cut:
            made.fit(loader_of(), VALID, epochs=2)
    copied = copy.deepcopy(original)
    before = original.model.state_dict()
    copied.fit(copied.session.loader if cut else loader_of(), VALID, epochs=3)
    twin.fit(twin.session.loader if cut else loader_of(), VALID, epochs=3)
    assert_same(copied.model.state_dict(), twin.model.state_dict())
    assert_same(original.model.state_dict(), before)
    assert copied.optimizer is copied.session.optimizer
