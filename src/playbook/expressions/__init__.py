"""The condition language: text to tree, types, closures.

The tree is stored with a published definition; compiling it needs no parser.
"""

from playbook.expressions.check import Checked, check
from playbook.expressions.compile import compile  # noqa: A004 - the name that people look for
from playbook.expressions.functions import STANDARD, Function
from playbook.expressions.mistakes import Mistake
from playbook.expressions.nodes import Node, dump, follows, load, reads
from playbook.expressions.parse import parse
from playbook.expressions.scope import Scope
from playbook.expressions.types import Environment, Type
from playbook.expressions.unknown import EvalError, Unknown

__all__ = [
    "STANDARD", "Checked", "Environment", "EvalError", "Function", "Mistake", "Node", "Scope", "Type",
    "Unknown", "check", "compile", "dump", "follows", "load", "parse", "reads",
]  # fmt: skip
