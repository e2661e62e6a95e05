"""The command line: which commands there are, and how every one of them ends.

A command's module is imported only when that command is called, so that `--help` costs no more
than Typer itself.
"""

import os
import sys
from collections.abc import Callable, Sequence
from functools import wraps
from importlib import import_module
from io import TextIOWrapper
from typing import Annotated, Any, NamedTuple, cast

import typer

from manyminds.apps.terminal import COMMAND, FAILED, INTERRUPTED, WRONG_INPUT, complain
from manyminds.errors import InputError, ManymindsError


class Command(NamedTuple):
    """A command: its place, as `module:function`, and its description, in a line."""

    where: str
    help: str


COMMANDS = {
    "ask": Command("manyminds.apps.ask:ask", "Answer one question, with votes, cost and failures."),
    "demo": Command("manyminds.apps.demo:demo", "See the idea in a minute: no key, no network."),
    "eval": Command("manyminds.apps.evaluate:evaluate", "Measure a method on a file of questions."),
    "batch": Command("manyminds.apps.batch:run", "Run a method on a file, a row for each."),
    "tasks": Command("manyminds.apps.tasks:tasks", "Write tasks that agents act on, as a file."),
    "judge": Command("manyminds.apps.judge:judge", "Grade a method on a task with a judge."),
    "compare": Command("manyminds.apps.compare:compare", "Compare methods at the same cost."),
    "plan": Command("manyminds.apps.plan:plan", "Say what a method will cost, before paying."),
    "report": Command("manyminds.apps.report:report", "Report on a comparison, and advise."),
    "resample": Command("manyminds.apps.resample:resample", "Evaluate votes on kept samples."),
    "roles": Command("manyminds.apps.roles:roles", "See who proposes and who aggregates best."),
    "borrowing": Command(
        "manyminds.apps.borrowing:borrowing", "See which proposals an aggregator takes from."
    ),
    "select": Command("manyminds.apps.select:select", "Choose members that vote well together."),
    "read": Command("manyminds.apps.read:read", "See what a vote reads in replies, and why."),
    "show": Command("manyminds.apps.show:show", "Look at a run, or follow runs as they go."),
    "runs": Command("manyminds.apps.runs:runs", "List recorded runs, or delete old ones."),
    "export": Command("manyminds.apps.export:export", "Write runs as training data."),
    "serve": Command("manyminds.apps.serve:serve", "Serve methods as models to OpenAI clients."),
    "mcp": Command("manyminds.apps.mcp:mcp", "Serve methods as tools of an MCP server."),
    "tune": Command("manyminds.apps.tune:tune", "Train a model on exported runs."),
    "methods": Command("manyminds.apps.listing:methods", "List the methods and when to use them."),
    "prompts": Command("manyminds.apps.listing:prompts", "List the prompts, or show one."),
    "models": Command("manyminds.apps.models:models", "List models that run here, or fetch one."),
    "doctor": Command("manyminds.apps.doctor:doctor", "Show what is installed, found, missing."),
}
# Typer has its own copy of click in some versions and takes click's in others; either way this is
# the class of all complaints about arguments.
_WrongArguments: type[Exception] = typer.BadParameter.__mro__[2]


def build(arguments: Sequence[str]) -> typer.Typer:
    """Return the application, with the commands that `arguments` name imported."""
    app = typer.Typer(
        name="manyminds",
        add_completion=False,
        rich_markup_mode=None,  # Rich would double the time of --help
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    )
    app.callback(invoke_without_command=True)(_root)
    for name, (where, line) in COMMANDS.items():
        if name in arguments:
            from manyminds.apps.command import expanded

            app.command(name, short_help=line)(expanded(_interruptible(_load(where))))
        else:
            app.command(name, help=line)(_not_loaded)
    return app


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code; an error is one sentence."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    COMMAND.set(("manyminds", *given))
    # Typer has no options whose value may be left out.
    given = ["--run-code=confined" if one == "--run-code" else one for one in given]
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):  # a terminal without Unicode shows a `?` instead
            stream.reconfigure(errors="replace")
    try:
        code = build(given)(given, prog_name="manyminds", standalone_mode=False)
        sys.stdout.flush()
        return code if isinstance(code, int) else 0
    except InputError as error:
        complain(str(error))
        return WRONG_INPUT
    except ManymindsError as error:
        complain(str(error))
        return FAILED
    except _WrongArguments as error:
        complain(cast("Any", error).format_message().replace("Value error, ", ""))
        return WRONG_INPUT
    except (typer.Abort, KeyboardInterrupt):  # before or after the command itself
        complain("interrupted")
        return INTERRUPTED
    except BrokenPipeError:  # the reader, such as `head`, has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0


def _root(
    context: typer.Context,
    version: Annotated[bool, typer.Option("--version", help="Show the version.")] = False,
) -> None:
    """Many models, one answer: ask several LLMs, or one of them several times, and combine.

    Begin with `manyminds demo`. `manyminds COMMAND --help` explains a command.
    """
    if version:
        from importlib.metadata import version as installed

        print(f"manyminds {installed('manyminds')}")
    elif context.invoked_subcommand is None:
        print(context.get_help())


def _not_loaded() -> None:
    """Stand in for a command that was not called."""


def _interruptible(command: Callable[..., object]) -> Callable[..., object]:
    """End a command after Ctrl-C with a sentence, which says what was kept."""

    @wraps(command)
    def run(*args: object, **options: object) -> object:
        try:
            return command(*args, **options)
        except KeyboardInterrupt as error:
            complain(f"interrupted{error}")
            raise typer.Exit(INTERRUPTED) from None

    return run


def _load(where: str) -> Callable[..., object]:
    module, _, function = where.partition(":")
    return cast("Callable[..., object]", getattr(import_module(module), function))
