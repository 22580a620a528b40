"""The painter's card: what was learned from, what was reached, what it cannot do; written from ``release``'s record."""

TEXT = """# Painter of {set}

A generator with {parameters:,} parameters ({megabytes:.1f} MB as float16 safetensors) that paints pictures of
{side} × {side} pixels in {classes} groups: {names}.

| | |
|---|---|
| Code | `core/projects/art/`; trained by `make train PROJECT=art` ({machine}) |
| Architecture | mapping and convolutions with styles (StyleGAN2), class-conditional |
| Trained | {step:,} steps of {batch} pictures; the run took {processor:.1f} h of one core, {clock:.1f} h in all |
| Recipe | {recipe} |
| Files | `weights.safetensors` (painter), `critic.safetensors` (discriminator), `near.safetensors` (features of the \
training pictures along 64 directions), `learned.webp` (those pictures at 32 pixels) |
| Learned from | {learned:,} pictures; {held_out_count:,} others were held out |
| Pictures | {credit} |
| Date | {date} |

## Measures

Features are those of EfficientNet-Lite0 (ImageNet, 1,280 numbers, pictures enlarged to 96 pixels), not Inception's:
compare the rows with each other, not with papers. Each row compares {pictures:,} pictures with as many held-out ones;
the first row, training pictures, is the best to be asked for. So few pictures bias the Fréchet distance upwards in
every row, which brings the rows' ratio nearer to 1; KID has no such bias. The step was chosen by KID to training
pictures.

| pictures | Fréchet distance | KID | precision | recall | variety within a group | Fréchet distance of patches |
|---|---|---|---|---|---|---|
{rows}

{verdict}{seen}

**Learned by heart?** {copies} Smallest distance (1 − cosine) to a training picture: {generated:.3f} generated,
{held_out:.3f} held out. `pairs.webp` shows generated pictures above their nearest training picture.

{remark}

## Limits

It paints what the collection shows, one fruit in the middle of pale paper, at {side} pixels; a poster of it is the same
pixels resampled. Rare groups had few pictures to learn from. It knows nothing of botany: a fruit between two groups is
none that grows.
"""
SEEN = (
    "\n\nThe discriminator of the last part of the training looked through the same network that measures here, so the "
    "painter was taught by its features: read Fréchet distance, KID, precision and recall with that in mind. The last "
    "column is a second opinion that it never had: the Fréchet distance of the mean colours of 8 × 8 patches."
)
PLAIN = "non-saturating loss, R1 of {penalty:g} every eighth step"
PROJECTED = (
    "hinge loss against small heads on EfficientNet-Lite0's fixed features, mixed at random across channels and scales "
    "(Projected GAN)"
)
WANTED = 2.0  # times the reference's Fréchet distance that is aimed for


def card(record: dict) -> str:
    """The card as Markdown."""
    settings, copies = record["settings"], record["copies"]
    return TEXT.format(
        **{name: record[name] for name in ("set", "parameters", "megabytes", "machine", "step", "learned", "pictures",
                                           "credit", "date", "remark")},
        side=record["shape"]["side"], classes=len(record["names"]), names=", ".join(record["names"]),
        batch=settings["batch"], penalty=settings["penalty"], rate=settings["rate"],
        processor=record["processor hours"], clock=record["clock hours"], rows="\n".join(rows_of(record)),
        verdict=verdict(record), seen=SEEN if record["projected"] else "", recipe=recipe(record),
        held_out_count=record["held out"],
        copies=copies["sentence"], generated=copies["closest"][0],
        held_out=copies["closest"][1],
    )  # fmt: skip


def rows_of(record: dict) -> list[str]:
    """The table's rows."""
    named = {"training pictures": record["reference"]}
    named |= {f"generated, truncation {name}": row for name, row in record["truncation"].items()}
    return [
        f"| {name} | {row['frechet']:.2f} | {row['kid']:.4f} | {row['precision']:.2f} | {row['recall']:.2f} "
        f"| {row['variety']:.3f} | {row['coarse']:.3f} |"
        for name, row in named.items()
    ]


def recipe(record: dict) -> str:
    """How it was trained, in one line."""
    settings = record["settings"]
    plain, rest = PLAIN.format(**settings), f"DiffAugment, Adam at {settings['rate']:g}, averaged weights"
    if not record["projected"]:
        return f"{plain}, {rest}"
    before = f"{record['earlier']:,} steps with {plain}; from there " if record["earlier"] else ""
    return f"{before}{PROJECTED}; {rest}"


def ratio(record: dict) -> float:
    """How many times as far as training pictures the untruncated ones are (Fréchet)."""
    return record["truncation"]["1.0"]["frechet"] / record["reference"]["frechet"]


def verdict(record: dict) -> str:
    """Whether the aim was reached, with the number."""
    reached = ratio(record)
    told = f"The Fréchet distance is **{reached:.1f} times** that of training pictures"
    return (
        f"{told}, within the aim of {WANTED:g}." if reached <= WANTED else f"{told}; the aim of {WANTED:g} was missed."
    )
