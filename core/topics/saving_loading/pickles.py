"""A pickle read without unpickling: its opcodes one by one, on a stack that calls nothing and imports nothing.

A pickle is a program for a small stack machine (PEP 307, PEP 3154). Unpickling runs it, and two of its opcodes look up
any function by name and call it. Here a name stays a name, a call stays a note of the call, and only what describes a
tensor is understood.
"""

import pickletools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

MOST_OPCODES = 100_000
ALLOWED = {  # what a state_dict needs: tensors and ordered dictionaries
    "collections OrderedDict", "torch._utils _rebuild_tensor_v2", "torch._utils _rebuild_parameter",
    "torch FloatStorage", "torch DoubleStorage", "torch HalfStorage", "torch BFloat16Storage", "torch LongStorage",
    "torch IntStorage", "torch ShortStorage", "torch CharStorage", "torch ByteStorage", "torch BoolStorage",
    "torch Size",
}  # fmt: skip


REACHING = ("GLOBAL", "STACK_GLOBAL", "INST", "OBJ", "NEWOBJ", "NEWOBJ_EX", "REDUCE", "BUILD")
KEEPING, FETCHING = ("BINPUT", "LONG_BINPUT", "PUT", "MEMOIZE"), ("BINGET", "LONG_BINGET", "GET")


class PickleError(ValueError):
    """A pickle that cannot be read; its text is one sentence."""


@dataclass(frozen=True)
class Opcode:
    """One instruction: where it stands (byte), its name, its argument as text, and whether it reaches outside."""

    place: int
    name: str
    argument: str
    reaches: bool


@dataclass(frozen=True)
class TensorNote:
    """A tensor as a pickle describes it: its storage's type and key, its shape, strides and offset in numbers."""

    storage: str
    key: str
    shape: tuple[int, ...]
    strides: tuple[int, ...]
    offset: int


@dataclass
class Reading:
    """What was found: the opcodes, the names that unpickling would import, the calls it would make, and what the
    pickle builds (tensors as ``TensorNote``), where all its names are harmless."""

    opcodes: list[Opcode] = field(default_factory=list)
    names: list[str] = field(default_factory=list)
    value: Any = None

    @property
    def foreign(self) -> list[str]:
        """The names that no state_dict needs: each could be any function of any module."""
        return [name for name in self.names if name not in ALLOWED]


def opcodes(content: bytes) -> Iterator[tuple[Any, Any, int]]:
    """The opcodes of a pickle with their arguments and places. Raises ``PickleError`` for what is none."""
    try:
        for count, (opcode, argument, place) in enumerate(pickletools.genops(content)):
            if count >= MOST_OPCODES:
                raise PickleError(f"This pickle has more than {MOST_OPCODES:,} instructions.")
            yield opcode, argument, place or 0
    except PickleError:
        raise
    except Exception as error:  # genops raises whatever its readers meet in broken bytes
        raise PickleError("This is not a pickle, or it is cut off.") from error


def read(content: bytes) -> Reading:
    """Read a pickle's opcodes and, where only harmless names occur, what it builds. Nothing is called or imported."""
    found, strings, memo = Reading(), [], {}
    for opcode, argument, place in opcodes(content):
        if opcode.name in ("GLOBAL", "INST"):
            found.names.append(str(argument))
        elif opcode.name == "STACK_GLOBAL":
            found.names.append(" ".join(strings[-2:]))
        elif isinstance(argument, str) and "UNICODE" in opcode.name:
            strings.append(argument)
        elif opcode.name in KEEPING and strings:
            memo[len(memo) if argument is None else argument] = strings[-1]
        elif opcode.name in FETCHING:
            strings.append(memo.get(argument, "?"))
        text = "" if argument is None else repr(argument)
        short = text if len(text) <= 60 else f"{text[:57]}…"
        found.opcodes.append(Opcode(place, opcode.name, short, opcode.name in REACHING))
    found.names = list(dict.fromkeys(found.names))
    if not found.foreign:
        found.value = Machine().run(content)
    return found


class Machine:
    """The pickle machine's stack, for the opcodes of a state_dict alone."""

    def __init__(self) -> None:
        self.stack: list[Any] = []
        self.marks: list[int] = []
        self.memo: dict[int, Any] = {}

    def run(self, content: bytes) -> Any:
        """What the pickle builds. Raises ``PickleError`` for an instruction that a state_dict does not need."""
        for opcode, argument, _ in opcodes(content):
            try:
                self.step(opcode.name, argument)
            except PickleError:
                raise
            except (IndexError, KeyError, TypeError, ValueError, AttributeError) as error:
                raise PickleError(f"This pickle is damaged: {opcode.name} finds nothing to work on.") from error
        if len(self.stack) != 1:
            raise PickleError("This pickle is damaged: it ends without a value.")
        return self.stack[0]

    def step(self, name: str, argument: Any) -> None:
        """Do one instruction."""
        if name in ("PROTO", "FRAME", "STOP"):
            return
        if name in CONSTANTS:
            self.stack.append(CONSTANTS[name]())
        elif name in LITERALS:
            self.stack.append(argument)
        elif name == "GLOBAL":
            self.stack.append(Name(str(argument)))
        elif name == "STACK_GLOBAL":
            second, first = self.stack.pop(), self.stack.pop()
            self.stack.append(Name(f"{first} {second}"))
        elif name == "MARK":
            self.marks.append(len(self.stack))
        elif name in KEEPING:
            self.memo[len(self.memo) if argument is None else int(argument)] = self.stack[-1]
        elif name in FETCHING:
            self.stack.append(self.memo[int(argument)])
        else:
            self.build(name)

    def build(self, name: str) -> None:
        """The instructions that put values together."""
        if name in ("TUPLE1", "TUPLE2", "TUPLE3"):
            count = int(name[-1])
            self.stack[-count:] = [tuple(self.stack[-count:])]
        elif name in ("TUPLE", "SETITEMS", "APPENDS"):
            values = self.since_mark()
            if name == "TUPLE":
                self.stack.append(tuple(values))
            elif name == "APPENDS":
                self.stack[-1].extend(values)
            else:
                self.stack[-1].update(zip(values[::2], values[1::2], strict=True))
        elif name == "SETITEM":
            value, key = self.stack.pop(), self.stack.pop()
            self.stack[-1][key] = value
        elif name == "APPEND":
            value = self.stack.pop()
            self.stack[-1].append(value)
        elif name == "BINPERSID":
            self.stack.append(("storage", *self.stack.pop()[1:]))
        elif name == "REDUCE":
            arguments, function = self.stack.pop(), self.stack.pop()
            self.stack.append(reduced(function, arguments))
        elif name == "BUILD":
            self.stack.pop()  # attributes, such as the version of a state_dict: not needed
        else:
            raise PickleError(f"This pickle has the instruction {name}, which no state_dict needs.")

    def since_mark(self) -> list[Any]:
        """What lies on the stack above the last mark, taken off."""
        place = self.marks.pop()
        values = self.stack[place:]
        del self.stack[place:]
        return values


@dataclass(frozen=True)
class Name:
    """A global name, not looked up."""

    text: str


CONSTANTS = {
    "EMPTY_DICT": dict, "EMPTY_LIST": list, "EMPTY_TUPLE": tuple,
    "NONE": lambda: None, "NEWTRUE": lambda: True, "NEWFALSE": lambda: False,
}  # fmt: skip
LITERALS = (
    "BINUNICODE", "SHORT_BINUNICODE", "BINUNICODE8", "BININT", "BININT1", "BININT2", "LONG1", "INT",
    "BINFLOAT", "FLOAT",
)  # fmt: skip


def reduced(function: Any, arguments: Sequence[Any]) -> Any:
    """What a harmless call stands for: a dictionary, a shape, a tensor's description."""
    name = function.text if isinstance(function, Name) else ""
    if name == "collections OrderedDict":
        return dict(arguments[0]) if arguments else {}
    if name == "torch._utils _rebuild_parameter":
        return arguments[0]
    if name == "torch Size":
        return tuple(arguments[0])
    if name == "torch._utils _rebuild_tensor_v2":
        (_, kind, key, *_), offset, shape, strides = arguments[:4]
        return TensorNote(kind.text.removeprefix("torch "), str(key), tuple(shape), tuple(strides), int(offset))
    raise PickleError(f"This pickle calls {name or 'something that is no name'}, which no state_dict needs.")
