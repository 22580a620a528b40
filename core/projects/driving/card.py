"""The driver's card: what was measured, in words and tables, written from the record that ``measure`` leaves."""

TEXT = """# Self-driving network

Drives Gymnasium's CarRacing-v3 from its pixels: {parameters:,} parameters, {kilobytes:.0f} kB of weights (float32,
safetensors). In: the frame at half size, 48 × 48 pixels in colour, one at a time. Out: steering, gas, brake.

| | |
|---|---|
| Code | `core/projects/driving/` |
| Trained by | `python -m core.projects.driving.train`, on the processor |
| Measured by | `python -m core.projects.driving.evaluate --tracks 0:100`; the rest by `…driving.measure` |
| Date | {date} |
| Licence | AGPL-3.0-or-later, code and weights |
| Data | frames that the simulator drew during training; no outside data |

## Score on 100 tracks that training, tuning and selection never saw

Track seeds 0 to 99, the environment as Gymnasium registers it (`gymnasium.make("CarRacing-v3")`), mean ± standard
error. A lap gives 1,000 points less 0.1 per step. Off track: share of frames with two or more wheels on the grass.

| driver | score | lowest | laps completed | steps | off track |
|---|---|---|---|---|---|
{official}

For comparison, from its authors: World Models 906 ± 21 (Ha and Schmidhuber 2018; standard deviation over 100 tracks,
an earlier version of the environment; this network's deviation is {deviation:.0f}). 900 counts as solved. The expert
knows the track's geometry, which the network does not; it is driven without pictures, which changes no score.

## Rounds of DAgger

Round 0 clones the expert from drives that are disturbed at random moments; from round 1 on the network drives and the
expert answers for every frame. Validation: the same {validation} tracks (seeds from 500,000), undisturbed. The last
round's weights are the ones shipped.

| weights | lessons (tracks, frames) | score in lessons | expert took over | validation score | laps completed |
|---|---|---|---|---|---|
{rounds}

Ten tracks tell rounds apart only where the scores differ by more than their standard errors.

## Disturbed

Tracks 0 to 9, undisturbed first. A push changes the car's sideways velocity by so many units per second (the car
drives 60 to 90); a lost frame means acting on the last one that came.

| disturbance | score | lowest | laps completed | off track |
|---|---|---|---|---|
{disturbed}

## Pace

Steps per second of processor time on one core, simulator included: {unmodified:.0f} in the unmodified environment,
{quick:.0f} in the simulator that draws the same pixels faster, {attention:.0f} there with the attention map drawn for
every frame. Real time is 50.

## How it works, and its limits

Convolutions look at the road, a linear layer reads the instruments in the bottom rows (speed, wheel speeds, steering
angle, yaw rate); the score on screen is masked, because it would tell training tracks apart. Half of every batch is
mirrored, a quarter recoloured or darkened. The network has no memory: what one frame does not show (sideways slip, the
gas already given) it cannot know, and it sees some 37 units ahead, half a second at full speed. It knows this simulator
and no other road; nothing here says anything about driving a car.
"""


def card(record: dict) -> str:
    """The card as Markdown, from the record of measures."""
    return TEXT.format(
        parameters=record["parameters"], kilobytes=record["bytes"] / 1000, date=record["date"],
        official="\n".join(official(name, record[key]) for name, key in (("network", "cnn"), ("expert", "expert"))),
        deviation=record["cnn"]["standard_deviation"], validation=record["rounds"]["round-0"]["tracks"],
        rounds="\n".join(of_round(name, record) for name in record["rounds"]),
        disturbed="\n".join(disturbed(name, one) for name, one in record["disturbed"].items()),
        **record["pace"],
    )  # fmt: skip


def score(one: dict) -> str:
    """A mean with its standard error."""
    return f"{one['score']:.1f} ± {one['standard_error']:.1f}"


def official(name: str, one: dict) -> str:
    """A row of the first table."""
    return (
        f"| {name} | **{score(one)}** | {one['lowest']:.0f} | {one['laps_completed']:.0%} "
        f"| {one['steps']:.0f} | {one['off_track']:.2%} |"
    )


def of_round(name: str, record: dict) -> str:
    """A row of the table of rounds."""
    taught, one = record["lessons"].get(name), record["rounds"][name]
    lessons = (
        f"{taught['tracks']}, {taught['frames']:,} | {taught['score']:.0f} | {taught['takeovers']}"
        if taught
        else "| | "
    )
    return f"| {name} | {lessons} | {score(one)} | {one['laps_completed']:.0%} |"


def disturbed(name: str, one: dict) -> str:
    """A row of the table of disturbances."""
    return f"| {name} | {score(one)} | {one['lowest']:.0f} | {one['laps_completed']:.0%} | {one['off_track']:.2%} |"
