"""The programs behind a plane: the training of the small digits, or what a shipped network makes of its pictures."""

from safetensors.torch import save

from core.data.held_out import EACH, FOLDER, SIDE
from core.programs import Program, Step
from core.topics.autoencoders.planes import FILES, Plane
from core.topics.autoencoders.records import HIDDEN
from core.training import Run

SEEN = 20  # pictures whose codes are compared
NETWORK = """first, second, pixels = {first}, {second}, {pixels}
encoder = nn.Sequential(
    nn.Linear(pixels, first), nn.GELU(), nn.Linear(first, second), nn.GELU(), nn.Linear(second, 2)
)
decoder = nn.Sequential(
    nn.Linear(2, second), nn.GELU(), nn.Linear(second, first), nn.GELU(), nn.Linear(first, pixels)
)
weights = load_file("{weights}")
names = [*(f"hidden.{{number}}.0" for number in range(5)), "output"]
for name, layer in zip(names, [*encoder[::2], *decoder[::2]], strict=True):
    layer.load_state_dict({{part: weights[f"{{name}}.{{part}}"].float() for part in ("weight", "bias")}})"""
PICTURES = """from PIL import Image

sheet = torch.from_numpy(np.asarray(Image.open("{pictures}").convert("L"), dtype=np.float32) / 255)
rows = sheet.unflatten(0, (10, {side})).unflatten(2, ({each}, {side}))  # a row of pictures for each class
x = rows.permute(0, 2, 1, 3).reshape(-1, {side} * {side})
with torch.no_grad():
    codes = encoder(x)
    error = (decoder(codes).clamp(0, 1) - x).square().mean().item()
result = {{"codes of the first pictures": codes[:{seen}].tolist(), "error on these pictures": error}}"""


def program_of_plane(plane: Plane) -> Run | Program:
    """What makes the codes on a plane."""
    return plane.run or program_of_shipped(plane)


def program_of_shipped(plane: Plane) -> Program:
    """A network of 28 × 28 pixels, its weights and pictures beside the program: the pictures' codes, and the error."""
    name, _ = FILES[plane.name]
    weights, pictures = f"{name}.safetensors", f"{name}.png"
    network = NETWORK.format(first=HIDDEN[0], second=HIDDEN[1], pixels=SIDE * SIDE, weights=weights)
    steps = (
        Step("The network", network),
        Step("Pictures and their codes", PICTURES.format(pictures=pictures, side=SIDE, each=EACH, seen=SEEN)),
    )
    codes = plane.codes(plane.pictures)
    shown = {
        "codes of the first pictures": codes[:SEEN].tolist(),
        "error on these pictures": (plane.decoded(codes) - plane.pictures).square().mean().item(),
    }
    files = {weights: save(plane.model.state_dict()), pictures: (FOLDER / pictures).read_bytes()}
    return Program("A plane of pictures", steps, (), shown, files=files)
