"""The model card: what was measured, in words and tables, written from the record that `release` leaves."""

TEXT = """# Digit recogniser

Six convolutions, {parameters:,} parameters, weights of {kilobytes:.0f} kB (float32, safetensors). Reads one handwritten
digit of 28 × 28 pixels and answers with the ten digits' probabilities and that of "none of these".

| | |
|---|---|
| Code | `core/projects/mnist/`; trained by `make train PROJECT=mnist` ({threads}) |
| Recipe | `{recipe}` |
| Kept | the {kept}, chosen by validation loss ({losses}) |
| Seed | {seed} |
| Date | {date} |
| Licence | code and weights AGPL-3.0-or-later; `neighbours.png` is derived from MNIST: CC BY-SA 3.0 |

## Data

- MNIST (Y. LeCun, C. Cortes, C. Burges; usually cited as CC BY-SA 3.0): 55,000 training images to learn from, 5,000 to
  choose weights, temperature and threshold, 10,000 test images measured once per run.
- 10,000 of the training digits gone over again with an even pen, and 3,000 digits of typefaces that matplotlib brings.
- 15,000 pictures of what is not a digit: letters of those typefaces, scribbles, shapes, several digits at once, noise,
  and Quick, Draw! sketches of {sketches} (made available by Google, Inc. under CC BY 4.0).
- Every batch is shifted, rotated, scaled, sheared, bent elastically and drawn thicker or thinner at random.
- `neighbours.png`: 2,000 of the training images, 200 of each digit.

## Measures

| on | measure | value |
|---|---|---|
| 10,000 test images | accuracy | **{accuracy:.2%}** (95 % interval {low:.2%} to {high:.2%}, Wilson) |
| 5,000 validation images | accuracy | {validation:.2%} |
| test images through the drawing path | accuracy | {path:.2%} |
| test images | answered "none of these" | {lost:.2%}; through the drawing path {lost_path:.2%} |
| test images | expected calibration error | {error_before:.4f}; {error_after:.4f} at temperature {temperature:.3f} |
| test images | log loss | {loss_before:.4f}; {loss_after:.4f} at that temperature |

{runs}

### Pictures that are not digits: share answered "none of these"

Typefaces, sketch classes and (where it says so) letters were held out from training. O, o, I and l are drawn as a zero
or a one is, and count as wrong when they are taken for one.

| kind | refused |
|---|---|
{refused}

### Confusion on the test images (rows: the digit, columns: the answer among the ten)

|   | 0 | 1 | 2 | 3 | 4 | 5 | 6 | 7 | 8 | 9 |
|---|---|---|---|---|---|---|---|---|---|---|
{confusion}

### Curves

Losses and accuracy of the weights at that step, augmentation off; the last two columns are the running average's.

| epoch | learning rate | training loss | validation loss | validation accuracy | average: accuracy | average: loss |
|---|---|---|---|---|---|---|
{curves}

CPU time {minutes:.0f} minutes on one core.

## Limits

It reads one digit of the Western forms that MNIST's American writers used. A lone vertical stroke is a 1 and a ring is
a 0, whatever was meant; a 1 with a long flag, stretched wide, is read as a 7. On photographs the ink is first found
(`photograph.py`): `benchmarks/results/photographs.md` says how many of a thousand composed ones are then read, by
light, paper, pen, frame and size. It was not tested on children's writing, other scripts, or photographs of real paper.
"""


def card(record: dict) -> str:
    """The card as Markdown, from the record of measures."""
    low, high = record["test interval"]
    (error_before, error_after), (loss_before, loss_after) = record["calibration error"], record["log loss"]
    return TEXT.format(
        parameters=record["parameters"], kilobytes=record["kilobytes"], recipe=record["recipe"], kept=record["kept"],
        losses="last step {:.4f}, running average {:.4f}".format(*record["validation losses"]), seed=record["seed"],
        date=record["date"], sketches=", ".join(record["sketches learned"]) or "nothing (not on the machine)",
        accuracy=record["test accuracy"], low=low, high=high, validation=record["validation accuracy"],
        path=record["test accuracy through the drawing path"], lost=record["digits lost to none of these"],
        lost_path=record["digits lost to none of these, drawing path"], error_before=error_before,
        error_after=error_after, temperature=record["settings"]["temperature"], loss_before=loss_before,
        loss_after=loss_after, threads=record["machine"], runs=remarks(record["remark"]),
        refused="\n".join(f"| {kind} | {share:.1%} |" for kind, share in record["refused"].items()),
        confusion="\n".join(
            f"| **{digit}** | " + " | ".join(map(str, row)) + " |" for digit, row in enumerate(record["confusion"])
        ),
        curves="\n".join(map(curve, record["history"])), minutes=record["history"][-1]["seconds"] / 60,
    )  # fmt: skip


def curve(epoch: dict) -> str:
    """One recorded epoch as a table row."""
    accuracy, loss = epoch["average"]
    return (
        f"| {epoch['number']} | {epoch['learning_rate']:.4f} | {epoch['train_loss']:.4f} | {epoch['test_loss']:.4f} "
        f"| {epoch['test_score']:.2%} | {accuracy:.2%} | {loss:.4f} |"
    )


def remarks(remark: str) -> str:
    """How often the test images were looked at, and what was different about this run."""
    chosen = "The weights were chosen without the test images."
    threshold = (
        'The share of digits lost to "none of these" was lowered after a check on test images through the drawing '
        "path; its new value was then set on validation images."
    )
    return f"{chosen} {threshold} {remark}".strip()
