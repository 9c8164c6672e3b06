"""The command ``jitrisk``: its verbs, each imported when called, and the message and exit status of failures."""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Callable
from functools import wraps
from importlib import import_module
from typing import Any

import click

from jitrisk.cli.printing import echo, print_traceback, print_usage_error
from jitrisk.errors import JitriskError, format_suggestion
from jitrisk.printable import escape

VERBS = (
    *("compare", "run", "show", "replay", "report", "optimize", "reprice"),
    *("validate", "new", "examples", "schema"),
)

OUT_OF_MEMORY = (
    "out of memory: fewer paths (--paths), fewer strategies (-s) and fewer threads (--threads) take less; "
    "'ulimit -v' shows whether the address space is limited"
)
"""The message where the system gives no memory during a run; the exit status is that of a failure, 1."""

UNWRITTEN = "jitrisk.unwritten"
"""Under which the context of a verb keeps the error of a result that could not be written, until it has printed."""

INTERRUPTED = 130
"""The exit status after an interrupt; a verb that keeps what it knows by then returns it."""

_DONE, _FAILED, _BAD_INPUT = 0, 1, 2
# Messages of the dynamic linker, and of llvmlite, whose own errors have no cause.
_NO_MEMORY_TO_LOAD = (
    "load shared object file 'libllvmlite",
    "failed to map segment",
    "Cannot allocate memory",
    "cannot allocate memory",
)


class LazyGroup(click.Group):
    """A group that imports a verb's module only when it is called or its help is asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the verbs in the order of the help."""
        return list(VERBS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return a verb, or None where there is no such one."""
        if cmd_name not in VERBS:
            return None
        command: click.Command = import_module(f"jitrisk.cli.{cmd_name}").command
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Resolve a verb; the error about an unknown one suggests the nearest."""
        try:
            return super().resolve_command(ctx, args)
        except click.UsageError as error:
            raise click.UsageError(error.message.rstrip(".") + format_suggestion(args[0], VERBS), ctx) from None


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="jitrisk", message="%(prog)s %(version)s")
def cli() -> None:
    """Compare just-in-time with just-in-case on a production network, with the risk in figures.

    \b
    Start here:
      jitrisk examples                 models that come with the program
      jitrisk compare brake-valves     one car maker, one valve plant, one fire
      jitrisk new my-plant             a small commented model to change

    Data go to stdout, messages to stderr. Exit status: 0 done, 2 bad input, 1 anything else, 130 interrupted,
    143 terminated, 129 hung up.
    """  # noqa: D301


def run(words: list[str]) -> int:
    """Run the command line and return its exit status."""
    debug = "--debug" in words
    if sys.stdout is None:
        click.echo("jitrisk: the output is closed, so there is nowhere to print to", err=True)
        return _FAILED
    try:
        return _run([word for word in words if word != "--debug"])
    except (click.Abort, KeyboardInterrupt):
        click.echo("jitrisk: interrupted", err=True)
        return INTERRUPTED
    except click.ClickException as error:
        print_usage_error(error)
        return _BAD_INPUT
    except JitriskError as error:
        return _report(error, str(error), debug, _BAD_INPUT)
    except Exception as error:
        if _is_lack_of_memory(error):
            return _report(error, OUT_OF_MEMORY, debug, _FAILED)
        if isinstance(error, OSError) and error.filename is not None:
            return _report(error, escape(f"{error.filename}: {error.strerror}"), debug, _FAILED)
        if isinstance(error, OSError) and error.errno is not None:
            return _report_unprinted(error)
        return _report(error, f"internal error: {type(error).__name__}: {error}; --debug shows where", debug, _FAILED)


def _run(words: list[str]) -> int:
    """Run the command line and flush stdout."""
    try:
        result = cli.main(words, prog_name="jitrisk", standalone_mode=False)
    except click.exceptions.Exit as stop:
        result = stop.exit_code
    except SystemExit as stop:  # raised by Click where the reader of stdout is closed
        result = stop.code
    sys.stdout.flush()
    return result if isinstance(result, int) else _DONE


def _is_lack_of_memory(error: BaseException) -> bool:
    """Return whether an error means that the system gave no memory: libraries raise several kinds."""
    return (
        isinstance(error, MemoryError)
        or (isinstance(error, OSError) and error.errno == errno.ENOMEM)
        or (isinstance(error, ImportError | OSError) and any(words in str(error) for words in _NO_MEMORY_TO_LOAD))
        or (isinstance(error, RuntimeError) and "can't start new thread" in str(error))
    )


def _report_unprinted(error: OSError) -> int:
    """Print that the output could not be printed; nothing where the reader of the pipe is closed."""
    if not isinstance(error, BrokenPipeError):
        click.echo(f"jitrisk: the output could not be written: {error.strerror}", err=True)
    # What is left in the buffer would fail again when the interpreter closes it.
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return _FAILED


def _report(error: BaseException, words: str, debug: bool, code: int) -> int:
    if debug:
        print_traceback(error)
    for line in words.split("\n"):
        echo(f"jitrisk: {line}", err=True)
    return code


def define_verb(name: str, epilog: str) -> Callable[[Callable[..., Any]], click.Command]:
    """Return a decorator that makes a verb, with an example in its help and ``--debug``, which `run` removes.

    Where its result could not be written, the verb prints its figures all the same and fails then.
    """

    def decorate(function: Callable[..., Any]) -> click.Command:
        @wraps(function)
        def act(*args: Any, **values: Any) -> Any:
            returned = function(*args, **values)
            if error := click.get_current_context().meta.get(UNWRITTEN):
                raise error
            return returned

        option = click.option("--debug", is_flag=True, expose_value=False, help="Show the traceback of an error.")
        return click.command(name, epilog=epilog)(option(act))

    return decorate
