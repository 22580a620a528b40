"""The parser for typed formulas: against Python's math, against finite differences, against hostile text."""

import math
import random

import pytest
import torch

from core.formulas.expressions import FUNCTIONS, ExpressionError, Node, parse

POINT = {"x": 0.83, "y": -0.41}


def softplus(a):
    return math.log1p(math.exp(-abs(a))) + max(a, 0)


MATH = {
    "sin": math.sin, "cos": math.cos, "tan": math.tan, "tanh": math.tanh, "exp": math.exp, "log": math.log,
    "sqrt": math.sqrt, "abs": abs, "sigmoid": lambda a: 1 / (1 + math.exp(-a)), "relu": lambda a: max(a, 0.0),
    "softplus": softplus, "erf": math.erf, "max": max, "min": min,
}  # fmt: skip
SAFE = {"log": "abs({}) + 0.5", "sqrt": "abs({}) + 0.5", "exp": "tanh({})", "tan": "sin({}) / 2"}
NAMESPACE = {"pi": math.pi, "e": math.e, "tanh": math.tanh, "sin": math.sin, "abs": abs, "__builtins__": {}}


def random_formula(draw: random.Random, depth: int) -> str:
    """A formula in x and y that Python itself can read, with redundant and with necessary parentheses."""
    if depth == 0:
        return draw.choice(["x", "y", "x", "y", "pi", "e", str(draw.randint(0, 9)), f"{draw.uniform(0.1, 3):.3f}"])
    left, right = (random_formula(draw, draw.randint(0, depth - 1)) for _ in range(2))
    name = draw.choice([name for name in MATH if name not in ("max", "min")])
    return draw.choice(
        [
            f"{left} + {right}", f"{left} - {right}", f"({left})*({right})", f"({left})*{right}", f"-{left}",
            f"({left}) / (({right})**2 + 1)", f"({left})**2", f"-({left})**3", f"({left}) - ({right})",
            f"{name}({SAFE.get(name, '{}').format(left)})", f"max({left}, {right})", f"min({left},{right})",
        ]
    )  # fmt: skip


def known(text: str) -> bool:
    """Whether Python computes the formula at the point without an error and within the allowed size."""
    try:
        return abs(eval(text, NAMESPACE | MATH | POINT)) < 1e6
    except (ArithmeticError, ValueError):
        return False


@pytest.fixture
def formulas(seed: int) -> list[str]:
    """Two hundred random formulas, with the value Python gives them."""
    draw, result = random.Random(seed), []
    while len(result) < 200:
        text = random_formula(draw, draw.randint(1, 4))
        if len(text) <= 200 and known(text):
            try:
                parse(text, ("x", "y"))
            except ExpressionError as error:  # a constant part that really has no finite value
                assert "finite" in str(error) or "Exponent" in str(error) or "larger" in str(error), text
                continue
            result.append(text)
    return result


def tensors(requires_grad: bool = False) -> dict[str, torch.Tensor]:
    return {
        name: torch.tensor([value], dtype=torch.float64, requires_grad=requires_grad) for name, value in POINT.items()
    }


def test_value_equals_python(formulas):
    for text in formulas:
        expected = eval(text, NAMESPACE | MATH | POINT)
        assert parse(text, ("x", "y"))(**tensors()).item() == pytest.approx(expected, rel=1e-7, abs=1e-9), text


def test_python_source_computes_the_same(formulas):
    for text in formulas:
        expression = parse(text, ("x", "y"))
        value = eval(expression.python(), {"torch": torch, "math": math, **tensors()})
        assert value.item() == pytest.approx(expression(**tensors()).item(), rel=1e-12, abs=1e-12), text


def test_gradient_equals_finite_difference(formulas):
    step, checked = 1e-6, 0
    for text in formulas:
        if any(kink in text for kink in ("abs", "relu", "max", "min")):
            continue
        expression, inputs = parse(text, ("x", "y")), tensors(requires_grad=True)
        value = expression(**inputs)
        if not value.requires_grad:
            continue
        gradients = torch.autograd.grad(value.sum(), list(inputs.values()), allow_unused=True)
        for name, gradient in zip(inputs, gradients, strict=True):
            up, down = tensors(), tensors()
            up[name], down[name] = up[name] + step, down[name] - step
            difference = (expression(**up) - expression(**down)).item() / (2 * step)
            exact = 0.0 if gradient is None else gradient.item()
            assert exact == pytest.approx(difference, rel=1e-5, abs=1e-5), (text, name)
            checked += 1
    assert checked > 50


def test_trace_is_the_chain_rule(formulas):
    for text in formulas:
        expression, inputs = parse(text, ("x", "y")), tensors(requires_grad=True)
        steps = expression.trace(**inputs)
        assert torch.equal(steps[-1].value.reshape(-1), expression(**inputs).reshape(-1)) or expression.root.value
        assert all(place < index for index, step in enumerate(steps) for place in step.inputs)
        named = [step.node.name for step in steps if step.node.operation == "name" and step.node.value is None]
        assert len(named) == len(set(named)), "a variable is one node"
        assert all(len(step.inputs) == len(step.node.children) for step in steps)


def test_trace_gives_every_gradient():
    x = torch.tensor(1.5, dtype=torch.float64, requires_grad=True)
    steps = parse("x*sin(x)").trace(x)
    assert [step.node.operation for step in steps] == ["name", "sin", "multiply"]
    assert steps[-1].inputs == (0, 1)
    by_sine, by_x = torch.autograd.grad(steps[-1].value, [steps[1].value, x])
    assert by_sine.item() == pytest.approx(1.5)
    assert by_x.item() == pytest.approx(math.sin(1.5) + 1.5 * math.cos(1.5))


@pytest.mark.parametrize(
    ("text", "value"),
    [("-x**2", -9), ("2**-x", 0.125), ("2**x**2", 512), ("2^x", 8), ("x - 1 - 1", 1), ("12/x/2", 2), ("--x", 3),
     ("+x", 3), ("-x*2", -6), ("2*-x", -6), (".5*x", 1.5), ("2.*x", 6), ("1e1*x", 30), ("max(x, 5)", 5),
     ("min(5, x)", 3), ("2", 2), ("(((x)))", 3), ("x ** 0", 1)],
)  # fmt: skip
def test_precedence(text, value):
    assert parse(text)(torch.tensor([3.0, 3.0])).tolist() == [value, value]


def test_comparison():
    x, y = torch.randn(2, 100, generator=torch.Generator().manual_seed(0))
    for sign, expected in {">": y > x.sin(), "<": y < x.sin(), ">=": y >= x.sin(), "<=": y <= x.sin()}.items():
        answer = parse(f"y {sign} sin(x)", ("x", "y"), comparison=True)(x, y)
        assert answer.dtype == torch.bool
        assert torch.equal(answer, expected)
    constant = parse("1 > 0", comparison=True)
    assert constant(x).all() and eval(constant.python(), {"torch": torch, "x": x}).dtype == torch.bool


def test_variables_are_broadcast_and_checked():
    expression = parse("y", ("x", "y"))
    assert expression(torch.zeros(3, 1), torch.zeros(2)).shape == (3, 2)
    for arguments, named in (((torch.zeros(1),), {}), ((torch.zeros(1),), {"x": torch.zeros(1)})):
        with pytest.raises(TypeError, match="one tensor for each of x, y"):
            expression(*arguments, **named)
    with pytest.raises(ValueError, match="cannot be called"):
        parse("sin", ("sin",))


@pytest.mark.parametrize(
    ("text", "latex"),
    [("x**2 + 3*x", r"x^{2} + 3 \, x"), ("1/(x+1)", r"\frac{1}{x + 1}"),
     ("sin(2*pi*x)", r"\sin\left(2 \, \pi \cdot x\right)"),
     ("(x+1)**2", r"\left(x + 1\right)^{2}"), ("sin(x)**2", r"\left(\sin\left(x\right)\right)^{2}"),
     ("x - (x - 1)", r"x - \left(x - 1\right)"), ("2*3*x", r"2 \cdot 3 \cdot x"),
     ("abs(x)*sqrt(x)", r"\left|x\right| \cdot \sqrt{x}"),
     ("exp(-x)", r"e^{-x}"), ("x*-2", r"x \cdot \left(-2\right)"), ("1e-9*x", r"10^{-9} \, x"),
     ("w_1*x", r"w_{1} \cdot x"),
     ("-(x+1)", r"-\left(x + 1\right)"), ("max(x, 2)", r"\max\left(x, 2\right)"), ("2*1/x", r"\frac{2 \cdot 1}{x}"),
     ("x >= 1", r"x \ge 1"), ("rate*x", r"\mathrm{rate} \cdot x")],
)  # fmt: skip
def test_latex(text, latex):
    assert parse(text, ("x", "w_1", "rate"), comparison=True).latex() == latex


def test_latex_is_balanced_and_keeps_every_name(formulas):
    for text in formulas:
        latex = parse(text, ("x", "y")).latex()
        assert latex.count("{") == latex.count("}") and latex.count(r"\left") == latex.count(r"\right"), text


HOSTILE = {
    "": 0, "   ": 0, "__import__('os')": 11, "__import__": 0, "x.__class__": 1, "lambda x: x": 8, "lambda": 0,
    "9**9**9": 4, "x**101": 3, "x**(10*11)": 6, "(9**9)**99": 6, "1e999": 0, "1e13*x": 0, "x + 1/0": 5, "log(0)": 0,
    "sqrt(-1)*x": 0, "(-8)**(1/3)": 4, "exp(99)": 0, "x\0": 1, "x\n+": 3, "ж": 0, "x¹⁰¹": 1, "½*x": 0, "\ud800": 0,
    "x\u202e": 1, "2 3": 2, "1/2x": 3, "e^2x": 3, "e^-2 x": 5, "x(2)": 1, "e(x)": 1, "0,5*x": 1, "|x|": 0, "√x": 1,
    "sin": 3, "sin x": 4, "sin(": 4, "sin()": 4, "sin(x": 5,
    "max(x)": 0, "sin(x, x)": 0, "x,": 1, "(x": 2, "x)": 1, "x +": 3, "*x": 0, "x ++": 4, "x = 1": 2, "x == 1": 2,
    "x[0]": 1, "f'{x}'": 1, "0x10": 1, "1_000": 1, "1j": 1, "x if x else x": 2, "not x": 0, "x; x": 1, "`x`": 0,
    "<script>": 0, "z": 0, "xx": 0, "print(x)": 0, "(" * 50 + "x" + ")" * 50: 30, "-" * 60 + "x": 30,
    "sin(" * 40 + "x": 120, "x**" * 50 + "x": 90, "x+" * 200: 200, "x" * 10**6: 200, "1" * 199: 0,
}  # fmt: skip


@pytest.mark.parametrize("text", HOSTILE, ids=lambda text: ascii(text[:20]))
def test_hostile_text_is_refused_at_its_place(text):
    with pytest.raises(ExpressionError) as caught:
        parse(text)
    assert caught.value.position == HOSTILE[text]
    message = str(caught.value)
    assert message.endswith(".") and len(message) < 200 and "\n" not in message
    lines = caught.value.caret.split("\n")
    assert len(lines) == 2 and lines[1] == " " * HOSTILE[text] + "^" and lines[0].isascii()


AS_PEOPLE_WRITE = {
    "max(0,x)−0.1*x": "max(0, x) - 0.1*x", "x·2": "x*2", "x²": "x**2", "π*x": "pi*x", "ReLU(x)": "relu(x)",
    "2x": "2*x", "2 sin(x)": "2*sin(x)", "3(x+1)": "3*(x + 1)", "(x+1)(x-1)": "(x+1)*(x-1)", "2πx": "2*pi*x",
    "sin(2π x)": "sin(2*pi*x)", "2x²": "2*(x**2)", "-x²": "-(x**2)", "x⁻²": "x**(-2)", "x³¹": "x**31", "x²y": "x**2*y",
    "x²^3": "(x**2)**3", "2^x²": "2**(x**2)", "SIN(X)": "sin(x)", "Max(x, Y)": "max(x, y)", "ln(x)": "log(x)",
    "σ(x)": "sigmoid(x)", "√(x)": "sqrt(x)", "x × y ÷ 2": "x*y/2", "x – y": "x - y", "（ｘ＋１）＊２": "(x+1)*2",
    "x\u00a0+\u3000y": "x + y", "np.sin(x) + torch.relu(x) * math.pi": "sin(x) + relu(x)*pi", "Pi x": "pi*x",
    "x/2 + 3x": "x/2 + 3*x", "2^(x)(3)": "2**x*3", "2e": "2*e", "2e1x": "20*x", "1/(2x)": "1/(2*x)",
}  # fmt: skip


@pytest.mark.parametrize("text", AS_PEOPLE_WRITE)
def test_a_formula_is_read_as_people_write_it(text, seed):
    x, y = torch.rand(2, 50, generator=torch.Generator().manual_seed(seed), dtype=torch.float64) + 0.1
    read, plain = parse(text, ("x", "y")), parse(AS_PEOPLE_WRITE[text], ("x", "y"))
    assert torch.allclose(read(x, y), plain(x, y), rtol=1e-12)
    value = eval(read.python(), {"torch": torch, "math": math, "x": x, "y": y})
    assert torch.allclose(torch.as_tensor(value, dtype=torch.float64).expand(50), plain(x, y), rtol=1e-9)
    assert read.latex().isascii()


def test_a_comparison_is_read_as_people_write_it():
    x = torch.tensor([1.0, 2.0, 3.0])
    for text in ("x ≥ 2", "x ⩾ 2", "x ＞＝ 2", "2 ≤ x"):
        assert parse(text, comparison=True)(x).tolist() == [False, True, True]


def test_a_name_in_capitals_stays_itself_where_it_is_known():
    x, capital = torch.tensor([2.0]), torch.tensor([5.0])
    assert parse("X + x", ("x", "X"))(x, capital).item() == 7
    assert parse("E*x")(x).item() == pytest.approx(2 * math.e)


def test_comparison_only_where_allowed():
    for text, position, allowed in (("x > 1", 2, False), ("0 < x < 1", 6, True), ("(x > 1)", 3, True)):
        with pytest.raises(ExpressionError) as caught:
            parse(text, comparison=allowed)
        assert caught.value.position == position


def test_nothing_but_the_declared_error_escapes(seed):
    draw = random.Random(seed)
    pieces = [*FUNCTIONS, *"xy()()()+-*/^.,<>= 0123456789eE_−·²³⁻π√σ≤（ｘ", "**", "pi", "\0", "é", "1e", "9**", "np."]
    accepted = 0
    for _ in range(5000):
        text = "".join(draw.choice(pieces) for _ in range(draw.randint(0, 12)))
        try:
            expression = parse(text, ("x", "y"), comparison=draw.random() < 0.5)
        except ExpressionError:
            continue
        accepted += 1
        x = torch.tensor([0.5, -0.5])
        assert expression(x, x).shape == (2,) and expression.latex() and expression.trace(x, x)
        again = eval(expression.python(), {"torch": torch, "math": math, "x": x, "y": x})
        assert torch.allclose(again.float(), expression(x, x).float(), equal_nan=True, rtol=1e-5)
    assert accepted > 50


def test_deepest_allowed_text_is_computed():
    text = "+".join(["x"] * 100)
    assert parse(text)(torch.ones(1)).item() == 100
    assert parse("(" * 29 + "x" + ")" * 29)(torch.ones(1)).item() == 1


def test_nodes_compare_by_what_they_compute():
    root = parse("sin(x) + sin(x)").root
    assert root.children[0] == root.children[1] and root.children[0].position != root.children[1].position
    assert parse("pi").root == Node("name", name="pi", value=math.pi)
