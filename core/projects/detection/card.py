"""The model card: what was measured, in words and tables, written from the record that ``release`` leaves."""

TEXT = """# Detector of drawings

A YOLO11 nano ({parameters:,} parameters, {megabytes:.1f} MB as float16 safetensors) that finds drawings of eight things
and handwritten digits on paper: {classes}.

| | |
|---|---|
| Code | `core/projects/detection/`; trained by `make train PROJECT=detection` ({machine}) |
| Architecture | Ultralytics' `{architecture}`, pictures of {side} × {side} pixels |
| Trained | by Ultralytics' own trainer, on scenes composed while it ran, none of them twice |
| Start | COCO weights of YOLO11n (Ultralytics, AGPL-3.0), read back from an 8-bit ONNX export of them |
| Seed | training {seeds}; measured on test scenes of seed {seed} |
| Date | {date} |
| Licence | weights and code AGPL-3.0-or-later: the weights are derived from Ultralytics' |

## Data

- Quick, Draw! sketches (made available by Google, Inc. under CC BY 4.0): 20,000 in eight classes, of each 80 % to learn
  from, 10 % to choose weights by, 10 % for the measures below.
- MNIST digits (Y. LeCun, C. Cortes, C. Burges; usually cited as CC BY-SA 3.0): 18,000 training images to learn from,
  2,000 others to choose by, 2,000 of the official test images for the measures.
- Scenes: up to nine of them gone over with pens of any width and colour on white, plain, ruled, squared, dotted paper
  or a blackboard, turned, stretched, among words, scribbles, arrows, hatching and stains, partly under notes; half of
  them seen by a camera: perspective, table, shadow, colour cast, blur, noise, JPEG.
- `drawings.png`: 40 test drawings of each class, so that scenes can be composed on any machine.

## Measures

On scenes composed of test drawings, which were used for nothing else:

| scenes | count | objects | mAP50 | mAP50-95 |
|---|---|---|---|---|
{sets}

{remark}

| class | AP50, composed | AP50-95, composed | AP50, photographed | AP50-95, photographed |
|---|---|---|---|---|
{rows}

Share of the objects found (IoU at least 0.5, right class) at a confidence of {confidence}, by size: the square root of
the box's area in pixels of a picture whose longer side is {composed_at}.

| size | objects, composed | found | objects, photographed | found |
|---|---|---|---|---|
{sizes}

## Curves

Losses of each epoch on training scenes, and mAP of the averaged weights on validation scenes.

| run | epoch | side | box loss | class loss | DFL loss | mAP50 | mAP50-95 |
|---|---|---|---|---|---|---|---|
{curves}

## Limits

It knows line drawings, not photographs of things: a real apple is none of its classes. Sketches came as 28 × 28 pixels,
so that fine detail was never seen. A lone stroke is a 1 and a single arc may be a rainbow, whatever was meant. All
photographs were made by code; it was not measured on real paper or on children's drawings.
"""


def card(record: dict) -> str:
    """The card as Markdown, from the record of measures."""
    from core.projects.detection.detector import CONFIDENCE
    from core.projects.detection.scenes import SIDE

    composed, photographed = record["composed"], record["photographed"]
    runs = {(line["run"], line["settings"]["seed"]) for line in record["history"]}
    return TEXT.format(
        parameters=record["parameters"], megabytes=record["megabytes"], machine=record["machine"],
        classes=", ".join(composed["classes"]), architecture=record["architecture"], side=record["side"],
        seeds=", ".join(sorted({seed for _, seed in runs})) or "not recorded", seed=record["seed"], composed_at=SIDE,
        date=record["date"], confidence=CONFIDENCE, remark=record["remark"],
        sets="\n".join(
            f"| {name} | {one['scenes']} | {one['objects']:,} | **{one['mAP50']:.3f}** | **{one['mAP50-95']:.3f}** |"
            for name, one in (("composed", composed), ("photographed", photographed))
        ),
        rows="\n".join(
            f"| {name} | {pair[0]:.3f} | {pair[1]:.3f} | "
            + " | ".join(f"{value:.3f}" for value in photographed["classes"].get(name, ())) + " |"
            for name, pair in composed["classes"].items()
        ),
        sizes="\n".join(map(sized, composed["sizes"], photographed["sizes"])),
        curves="\n".join(map(curve, record["history"])),
    )  # fmt: skip


def sized(one: tuple, other: tuple) -> str:
    """A row of the table by size."""
    low, high, count, share = one
    size = f"{low:.0f} to {high:.0f}" if high < 900 else f"from {low:.0f}"
    return f"| {size} | {count:,} | {share:.1%} | {other[2]:,} | {other[3]:.1%} |"


def curve(line: dict) -> str:
    """One epoch as a table row."""
    losses = " | ".join(f"{line['losses'][name]:.3f}" for name in ("box_loss", "cls_loss", "dfl_loss"))
    measures = " | ".join(f"{line[f'metrics/{name}(B)']:.3f}" for name in ("mAP50", "mAP50-95"))
    return f"| {line['run']} | {line['epoch']} | {line['settings']['side']} | {losses} | {measures} |"
