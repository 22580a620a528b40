"""Connected parts of ink: which are frames, borders or underlines, and which belong to one digit."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Part:
    """Connected ink: its place (first row, row after the last, first column, column after the last), its pixels within
    that place (height, width, bool) and the sum of its squared contrast."""

    top: int
    bottom: int
    left: int
    right: int
    pixels: np.ndarray
    ink: float

    @property
    def high(self) -> int:
        return self.bottom - self.top

    @property
    def wide(self) -> int:
        return self.right - self.left

    @property
    def size(self) -> int:
        """The longer side in pixels."""
        return max(self.high, self.wide)

    @property
    def place(self) -> tuple[slice, slice]:
        """Rows and columns."""
        return slice(self.top, self.bottom), slice(self.left, self.right)


def parts_of(mask: np.ndarray, contrast: np.ndarray, least: int = 3) -> list[Part]:
    """The connected parts of a mask (height, width, bool) of at least ``least`` pixels a side, most ink first."""
    import cv2

    _, labels, boxes, _ = cv2.connectedComponentsWithStats(mask.astype(np.uint8), connectivity=8)
    parts = []
    for number in np.flatnonzero(boxes[:, 2:4].max(axis=1) >= least)[1:]:  # the first is the ground
        left, top, wide, high, _ = boxes[number].tolist()
        place = slice(top, top + high), slice(left, left + wide)
        pixels = labels[place] == number
        parts.append(Part(top, top + high, left, left + wide, pixels, float((contrast[place][pixels] ** 2).sum())))
    return sorted(parts, key=lambda part: -part.ink)


def touches(part: Part, shape: tuple[int, int]) -> bool:
    """Whether a part reaches a side of the picture, as tables, borders and printed lines do."""
    near = 0.01 * min(shape)
    return min(part.top, part.left, shape[0] - part.bottom, shape[1] - part.right) <= near


def flat(part: Part, shape: tuple[int, int]) -> bool:
    """Whether a part is a strip, no wider than a twentieth of the picture."""
    return min(part.high, part.wide) < 0.05 * min(shape)


def spans(part: Part, shape: tuple[int, int]) -> bool:
    """Whether a part lies along a side of the picture: a table, a scanner's border, the picture's own frame."""
    return touches(part, shape) and (part.high > 0.85 * shape[0] or part.wide > 0.85 * shape[1])


def boxed_in(part: Part, parts: list[Part]) -> bool:
    """Whether a part is a frame around another: its holes fill its rectangle, and something of size is inside."""
    if part.high < 8 or part.wide < 8:
        return False
    inside = [
        other for other in parts
        if other is not part and other.top > part.top and other.bottom < part.bottom
        and other.left > part.left and other.right < part.right and other.size > 0.25 * min(part.high, part.wide)
    ]  # fmt: skip
    return bool(inside) and (filled(part.pixels) > 0.84 or hollow(part.pixels) > 0.92)


def hollow(pixels: np.ndarray) -> float:
    """Share of a part's pixels that lie near the sides of its rectangle."""
    rows, columns = (max(2, round(0.12 * side)) for side in pixels.shape)
    return 1 - pixels[rows:-rows, columns:-columns].sum() / pixels.sum()


def filled(pixels: np.ndarray) -> float:
    """Share of a part's rectangle that its outline encloses."""
    import cv2

    outside = np.pad(pixels, 1).astype(np.uint8)
    cv2.floodFill(outside, None, (0, 0), 2)
    return float((outside[1:-1, 1:-1] != 2).mean())


def without_rules(parts: list[Part]) -> list[Part]:
    """Parts without straight lines that lie beside all others and are longer: underlines, remains of a form's box."""
    while len(parts) > 1:
        rules = (part for part in parts if rule(part, [other for other in parts if other is not part]))
        if (first := next(rules, None)) is None:
            break
        parts = [part for part in parts if part is not first]
    return parts


def rule(part: Part, others: list[Part]) -> bool:
    """Whether a part is a thin straight line that lies beside all others and is longer than they are wide or high."""
    others = [other for other in others if other.size > 0.15 * part.size]
    if not others:
        return False
    top, bottom, left, right = box(others)
    if part.wide >= part.high:
        first, last = reach(part.pixels, part.top, left - part.left, right - part.left)
        under, pixels = first >= bottom - 1, part.pixels
        beside = under or last <= top + 1
        longer = part.wide >= 0.75 * (right - left) if under else outreaches((part.left, part.right), (left, right))
    else:
        first, last = reach(part.pixels.T, part.left, top - part.top, bottom - part.top)
        beside, pixels = first >= right - 1 or last <= left + 1, part.pixels.T
        longer = outreaches((part.top, part.bottom), (top, bottom))
    return beside and longer and slim(pixels)


def reach(pixels: np.ndarray, start: int, left: int, right: int) -> tuple[int, int]:
    """First row and row after the last of level ink, which begins at row ``start``, between two of its columns."""
    rows = np.flatnonzero(pixels[:, max(left, 0) : max(right, 0)].any(axis=1))
    return (start + int(rows[0]), start + int(rows[-1]) + 1) if len(rows) else (start, start + len(pixels))


def outreaches(line: tuple[int, int], others: tuple[int, int]) -> bool:
    """Whether a line goes beyond both ends of others by a twelfth of their length."""
    more = (others[1] - others[0]) / 12
    return line[0] < others[0] - more and line[1] > others[1] + more


def slim(pixels: np.ndarray) -> bool:
    """Whether level ink (height, width) is a straight line, at least five times as long as thick."""
    thick = pixels.sum() / pixels.shape[1]
    columns = np.flatnonzero(pixels.any(axis=0))
    rows = pixels[:, columns].argmax(axis=0)
    far = np.abs(rows - np.polyval(np.polyfit(columns, rows, 1), columns))
    return (
        pixels.shape[1] > 5 * thick
        and pixels.shape[0] < 0.3 * pixels.shape[1]
        and np.quantile(far, 0.9) <= max(2, thick)
    )


def grouped(parts: list[Part]) -> list[list[Part]]:
    """Parts that belong to one digit each, from left to right in rows from top to bottom.

    Bodies are nearly as high as the highest; those above each other or hardly apart are of one digit, and what is
    smaller belongs to the nearest body or, far from all, to none.
    """
    if not parts:
        return []
    whole = max(part.size for part in parts)
    groups: list[list[Part]] = [[part] for part in parts]
    joined = True
    while joined:
        joined = False
        for first in range(len(groups)):
            for second in range(first + 1, len(groups)):
                if belong(groups[first], groups[second], whole):
                    groups[first] += groups.pop(second)
                    joined = True
                    break
            if joined:
                break
    largest = max(size(group) for group in groups)
    most = max(sum(part.ink for part in group) for group in groups)
    kept = [
        group for group in groups
        if size(group) > 0.4 * largest and sum(part.ink for part in group) > 0.1 * most
        and not (len(groups) > 1 and level(group))
    ]  # fmt: skip
    return in_order(kept)


def box(group: list[Part]) -> tuple[int, int, int, int]:
    """A group's first row, row after the last, first column, column after the last."""
    return (
        min(part.top for part in group), max(part.bottom for part in group),
        min(part.left for part in group), max(part.right for part in group),
    )  # fmt: skip


def size(group: list[Part]) -> int:
    """The longer side of a group in pixels."""
    top, bottom, left, right = box(group)
    return max(bottom - top, right - left)


def level(group: list[Part]) -> bool:
    """Whether a group is a level dash: what is left of a line, never a digit."""
    top, bottom, left, right = box(group)
    return right - left > 4 * (bottom - top)


def belong(one: list[Part], other: list[Part], whole: int) -> bool:
    """Whether two groups are parts of one digit: hardly apart, or a small one over, under or close to a large one."""
    (top, bottom, left, right), (above, below, west, east) = box(one), box(other)
    across = max(left, west) - min(right, east)  # pixels between them, negative where they overlap
    along = max(top, above) - min(bottom, below)
    apart = max(across, along, 0)
    small = min(size(one), size(other)) / max(size(one), size(other))
    narrow = min(right - left, east - west)
    if across <= -0.4 * narrow and along <= -0.4 * min(bottom - top, below - above):
        return True
    if -across > 0.2 * narrow:
        return apart < 0.2 * whole
    return apart < (0.12 if small < 0.5 else 0.03) * whole


def in_order(groups: list[list[Part]]) -> list[list[Part]]:
    """Groups as they are read: rows from the top, each from the left."""
    rows: list[list[list[Part]]] = []
    for group in sorted(groups, key=lambda one: sum(box(one)[:2])):
        top, *_ = box(group)
        if rows and top < sum(box(rows[-1][0])[:2]) / 2:
            rows[-1].append(group)
        else:
            rows.append([group])
    return [group for row in rows for group in sorted(row, key=lambda one: box(one)[2])]
