"""``geoml gathers``: networks on gathers, pre-trained without labels and tuned to a task."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from geoml.cli import options as o
from geoml.cli.progress import progress_bar

if TYPE_CHECKING:
    from geoml.training.fit_options import FitOptions

gathers_app = typer.Typer(
    help="Networks on gathers: pre-train on hidden traces, tune to first breaks, pick events.",
    no_args_is_help=True,
    rich_markup_mode=None,
)

AnyStore = Annotated[
    Path, typer.Argument(metavar="STORE", help="Survey store, or pair store of modelled gathers.")
]
Folder = Annotated[Path, typer.Option(help="Folder for the checkpoint.")]
Model = Annotated[str, typer.Option(help="Network, where none is started from.")]
Steps = Annotated[int, typer.Option(help="Batches to learn from.")]
Minutes = Annotated[float | None, typer.Option("--max-cpu-minutes", help="CPU minutes at most.")]
BatchSize = Annotated[int, typer.Option(help="Gathers a batch.")]
Seed = Annotated[int, typer.Option(help="Seed of weights, order and noise.")]
Traces = Annotated[int | None, typer.Option("--traces", help="Traces of a window of a survey.")]
Interval = Annotated[float | None, typer.Option("--dt-s", help="Resample a survey to this [s].")]
MaxTime = Annotated[float | None, typer.Option(help="Last time of a survey that is read [s].")]
Count = Annotated[int | None, typer.Option(help="Gathers used, evenly spread.")]


@gathers_app.command()
def pretrain(
    store: AnyStore,
    out: Folder,
    model: Model = "trace_transformer",
    steps: Steps = 2000,
    max_cpu_minutes: Minutes = None,
    batch_size: BatchSize = 16,
    seed: Seed = 0,
    traces: Traces = None,
    dt_s: Interval = None,
    max_time_s: MaxTime = None,
) -> None:
    """Learn what gathers look like by filling hidden traces; needs no labels."""
    budget, windows = (steps, max_cpu_minutes, batch_size, seed), (traces, dt_s, max_time_s)
    _learn(store, out, "masked_traces", model, budget, windows)


@gathers_app.command()
def finetune(
    store: AnyStore,
    out: Folder,
    start: Annotated[
        Path | None, typer.Option(help="Pre-trained network; fresh weights without.")
    ] = None,
    task: Annotated[
        str, typer.Option(help="first_breaks, signal or stack_velocities.")
    ] = "first_breaks",
    frozen: Annotated[
        bool, typer.Option("--frozen", help="Train the readout alone, for very few labels.")
    ] = False,
    count: Count = None,
    model: Model = "trace_transformer",
    steps: Steps = 1000,
    max_cpu_minutes: Minutes = None,
    batch_size: BatchSize = 16,
    seed: Seed = 0,
    traces: Traces = None,
    dt_s: Interval = None,
    max_time_s: MaxTime = None,
) -> None:
    """Tune a network to a task on labelled gathers: a picked survey, or simulated pairs."""
    budget, windows = (steps, max_cpu_minutes, batch_size, seed), (traces, dt_s, max_time_s)
    _learn(store, out, task, model, budget, windows, start=start, count=count, frozen=frozen)


@gathers_app.command()
def predict(
    store: o.Store,
    checkpoint: Annotated[Path, typer.Option(help="Folder of the tuned network.")],
    out: Annotated[Path, typer.Option(help="Table (.csv), or store (.zarr) of picks or signal.")],
    overwrite: o.Overwrite = False,
) -> None:
    """Write the first breaks, stack velocities or signal that a tuned network finds."""
    from geoml.workflow.gathers import predict_gathers

    print(predict_gathers(store, checkpoint, out, overwrite=overwrite))


@gathers_app.command("learn-events")
def learn_events(
    out: Folder,
    traces: Annotated[int, typer.Option(help="Traces of a gather.")] = 32,
    samples: Annotated[int, typer.Option(help="Samples of a trace.")] = 192,
    dt_s: Annotated[float, typer.Option("--dt-s", help="Sample interval [s].")] = 0.008,
    far_m: Annotated[
        tuple[float, float], typer.Option(help="Least and greatest farthest offset [m].")
    ] = (1200.0, 2400.0),
    velocity_m_s: Annotated[
        tuple[float, float], typer.Option(help="Slowest and fastest event [m/s].")
    ] = (1450.0, 4500.0),
    steps: Steps = 1600,
    max_cpu_minutes: Minutes = None,
    seed: Seed = 0,
) -> None:
    """Learn to pick hyperbolic events, on gathers that are made of known ones."""
    from geoml.synthetic.event_gather import EventGatherOptions
    from geoml.training.event_picking import EventTraining
    from geoml.workflow import gather_events

    gathers = EventGatherOptions(
        n_traces=traces, n_times=samples, dt_s=dt_s, far_m=far_m, velocity_m_s=velocity_m_s
    )
    fit = _fit(steps, max_cpu_minutes, 32, seed)
    with progress_bar("Training") as progress:
        print(gather_events.learn_events(out, EventTraining(gathers, fit=fit), progress=progress))


@gathers_app.command()
def events(
    store: o.Store,
    checkpoint: Annotated[Path, typer.Option(help="Folder that 'learn-events' wrote.")],
    out: Annotated[Path, typer.Option(help="Table (.csv) to write.")],
    gather: Annotated[
        Literal["cdp", "shot", "receiver"], typer.Option(help="What its traces share.")
    ] = "cdp",
    least_chance: Annotated[
        float | None, typer.Option(help="Chance from which an event counts, 0 to 1.")
    ] = None,
    overwrite: o.Overwrite = False,
) -> None:
    """Write time, velocity and amplitude of every event of a survey's gathers."""
    from geoml.workflow.gather_events import write_events

    print(
        write_events(store, checkpoint, out, gather, least_chance=least_chance, overwrite=overwrite)
    )


def _fit(steps: int, minutes: float | None, batch_size: int, seed: int) -> FitOptions:
    from geoml.training.fit_options import FitOptions

    # Whole intervals: steps behind the last validation would be lost.
    intervals = max(1, min(steps, max(5, steps // 200)))
    return FitOptions(
        steps=steps, max_cpu_minutes=minutes, batch_size=batch_size, seed=seed, ema_decay=0.99,
        validate_every=max(1, steps // intervals),
    )  # fmt: skip


def _learn(
    store: Path,
    out: Path,
    task: str,
    model: str,
    budget: tuple[int, float | None, int, int],
    windows: tuple[int | None, float | None, float | None],
    *,
    start: Path | None = None,
    count: int | None = None,
    frozen: bool = False,
) -> None:
    from geoml.training.gather_pretraining import GatherTraining
    from geoml.workflow.gathers import learn_gathers

    options = GatherTraining(model=model, frozen=frozen, fit=_fit(*budget))
    sampling = zip(("n_traces", "dt_s", "max_time_s"), windows, strict=True)
    with progress_bar("Training") as progress:
        folder = learn_gathers(
            store, out, task, options, start=start, count=count, progress=progress,
            sampling={name: value for name, value in sampling if value is not None},
        )  # fmt: skip
    print(folder)
