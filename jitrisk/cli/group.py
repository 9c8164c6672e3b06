"""The command ``jitrisk``: its verbs, imported when called, and what every failure looks like."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from importlib import import_module
from typing import Any

import click

from jitrisk.cli.printing import echo, print_traceback, print_usage_error
from jitrisk.errors import JitriskError, did_you_mean

VERBS = ("compare", "run", "show", "replay", "report", "reprice", "validate", "new", "examples", "schema")

_DONE, _FAILED, _BAD_INPUT, _INTERRUPTED = 0, 1, 2, 130


class LazyGroup(click.Group):
    """A group that imports a verb's module only when it is called or its help is asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the verbs in the order a newcomer meets them."""
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
        """Resolve a verb; a typo is answered with the nearest one."""
        try:
            return super().resolve_command(ctx, args)
        except click.UsageError as error:
            raise click.UsageError(error.message.rstrip(".") + did_you_mean(args[0], VERBS), ctx) from None


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="jitrisk", message="%(prog)s %(version)s")
def cli() -> None:
    """Compare just-in-time with just-in-case on a production network, with the risk in figures.

    \b
    Start here:
      jitrisk examples                 models that come with the program
      jitrisk compare brake-valves     one car maker, one valve plant, one fire
      jitrisk new my-plant             a small commented model to change

    Data go to stdout, words to stderr. Exit status: 0 done, 2 bad input, 1 anything else, 130 interrupted.
    """  # noqa: D301


def run(words: list[str]) -> int:
    """Run the command line and return its exit status."""
    debug = "--debug" in words
    if sys.stdout is None:
        click.echo("jitrisk: the output is closed, so there is nowhere to print to", err=True)
        return _FAILED
    try:
        signal.signal(signal.SIGTERM, _stop)
        result = cli.main([word for word in words if word != "--debug"], prog_name="jitrisk", standalone_mode=False)
        sys.stdout.flush()
        return result if isinstance(result, int) else _DONE
    except click.exceptions.Exit as stop:
        return stop.exit_code
    except (click.Abort, KeyboardInterrupt):
        click.echo("jitrisk: interrupted", err=True)
        return _INTERRUPTED
    except click.ClickException as error:
        print_usage_error(error)
        return _BAD_INPUT
    except JitriskError as error:
        return _report(error, str(error), debug, _BAD_INPUT)
    except OSError as error:
        return _unprinted(error)
    except Exception as error:
        return _report(error, f"internal error: {type(error).__name__}: {error}; --debug shows where", debug, _FAILED)


def _stop(*_: object) -> None:
    """Leave by the front door when asked to terminate, so that nothing half-written stays."""
    raise SystemExit(128 + signal.SIGTERM)


def _unprinted(error: OSError) -> int:
    """Say that the output could not be printed; a reader that went away is not worth a word."""
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


def verb(name: str, epilog: str) -> Callable[[Callable[..., Any]], click.Command]:
    """Decorate a verb: each shows an example in its help and tells of ``--debug``, which `run` takes off."""

    def decorate(function: Callable[..., Any]) -> click.Command:
        option = click.option("--debug", is_flag=True, expose_value=False, help="Show the traceback of an error.")
        return click.command(name, epilog=epilog)(option(function))

    return decorate
