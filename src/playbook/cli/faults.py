"""From errors to exit codes and one line that says what to do; never a traceback unless it is asked for."""

from __future__ import annotations

import contextlib
import io
import os
import sys
from typing import TYPE_CHECKING, Any

import click

from playbook.cli.answering import answered

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from playbook.plugins import Registry

DONE, WANTING, USAGE, FAULT, STOPPED = 0, 1, 2, 3, 130
"""The exit codes: done; refused or found wanting; wrong usage; a fault; stopped by Ctrl-C."""


def guarded(run: Callable[[], Any], *, as_json: bool) -> int:
    """Run the program and return the exit code, having said what went wrong."""
    answered.set(False)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # no name is worth failing over a poor terminal
    try:
        code = run()
        sys.stdout.flush()
    except BrokenPipeError:
        # Whoever read our output has seen enough; nothing may be written to it any more, not at exit either.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return DONE
    except (click.Abort, KeyboardInterrupt) as stopped:
        said = str(stopped.__cause__ or stopped)  # click makes an Abort of it
        return _say("stopped", said or "stopped", STOPPED, as_json)
    except click.ClickException as error:
        return _usage(error, as_json)
    except Exception as error:  # noqa: BLE001 - the last place where an error can become a line for people
        return _explain(error, as_json)
    return code if isinstance(code, int) else DONE


@contextlib.contextmanager
def blamed(registry: Registry, kind: str, name: str) -> Iterator[None]:
    """Name the plugin where what it contributed fails in another way than on purpose."""
    from playbook.errors import PlaybookError, PluginError

    try:
        yield
    except (PlaybookError, OSError, click.ClickException):
        raise
    except Exception as error:
        owner, _ = registry.owner_of(kind, name) or ("", "")
        raise PluginError(owner, f"{name} raised {type(error).__name__}: {error}") from error


@contextlib.contextmanager
def reading_url() -> Iterator[None]:
    """Raise StoreUnavailable for what is wrong with a URL: to who asked, the store is out of reach all the same."""
    from playbook.errors import InputError, StoreUnavailable

    try:
        yield
    except InputError as error:
        raise StoreUnavailable(str(error)) from error


def _usage(error: click.ClickException, as_json: bool) -> int:
    ctx = getattr(error, "ctx", None)
    if ctx is not None and not as_json:
        click.echo(f"{ctx.get_usage()}\nHelp: {ctx.command_path} --help\n", err=True)
    return _say("usage", _message(error), USAGE, as_json)


def _message(error: click.ClickException) -> str:
    """Return what click says; for an unknown option, what there is beside the nearest."""
    if not isinstance(error, click.NoSuchOption) or error.ctx is None:
        return error.format_message()
    from playbook.errors import nearest_hint

    program = error.ctx.find_root().command
    parameters = [*error.ctx.command.params, *program.params]
    known = dict.fromkeys(flag for p in parameters if isinstance(p, click.Option) for flag in p.opts)
    return f"there is no option {error.option_name!r}{nearest_hint(error.option_name, known)}"


def _explain(error: Exception, as_json: bool) -> int:
    from playbook import errors

    if isinstance(error, errors.ProblemsFound):
        from playbook.cli.problems import tell

        tell(error.problems, as_json=as_json)
        return WANTING
    debug = os.environ.get("PLAYBOOK_DEBUG")
    for kind, name, code in _KINDS:
        if isinstance(error, getattr(errors, kind)):
            if code == FAULT and debug:
                raise error
            return _say(name, str(error), code, as_json)
    if isinstance(error, UnicodeEncodeError):
        return _say("input", "a text that was given is not UTF-8 and cannot be kept", USAGE, as_json)
    if isinstance(error, OSError):
        reason = (error.strerror or type(error).__name__).lower()
        return _say("os", f"{error.filename}: {reason}" if error.filename else reason, FAULT, as_json)
    if debug:
        raise error
    said = f"{type(error).__name__}: {error}".splitlines()[0]
    return _say("bug", f"this is a bug ({said}); PLAYBOOK_DEBUG=1 shows where", FAULT, as_json)


# The first that fits counts, so what is special stands before what is general.
_KINDS = (
    ("UnknownName", "unknown_name", USAGE),
    ("AmbiguousName", "ambiguous_name", USAGE),
    ("InputError", "input", USAGE),
    ("KeyReused", "key_reused", USAGE),
    ("PluginError", "plugin", FAULT),
    ("OutcomeUnknown", "outcome_unknown", FAULT),
    ("StoreUnavailable", "store_unavailable", FAULT),
    ("DamagedStore", "damaged_store", FAULT),
    ("ForeignStore", "foreign_store", FAULT),
    ("NewerStore", "newer_store", FAULT),
    ("StoreError", "store", FAULT),
    ("PlaybookError", "fault", FAULT),
)


def _say(code: str, message: str, exit_code: int, as_json: bool) -> int:
    if as_json and not answered.get():
        from playbook.cli.output import document

        document({"error": {"code": code, "message": message}})
    else:
        from playbook.cli.output import clean, paint

        click.echo(f"{paint('error:', fg='red', bold=True, err=True)} {clean(message, lines=True)}", err=True)
    return exit_code
