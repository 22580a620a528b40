"""CarRacing-v3 as it is, and the same simulator drawn several times faster for collecting data.

``environment`` is Gymnasium's own, unmodified; every published score comes from it. ``FastRacing`` runs the same
physics and returns the same pixels (tests/test_driving.py compares them), but does not draw what lies outside the
picture, and can leave the picture out altogether, which the expert does not need.
"""

import os
import warnings
from typing import Any

import numpy as np

os.environ.setdefault("SDL_VIDEODRIVER", "dummy")  # no window and no display: pygame asks for one at import
os.environ.setdefault("PYGAME_HIDE_SUPPORT_PROMPT", "1")
with warnings.catch_warnings():  # Box2D's generated bindings warn, and crash where a warning is an error
    warnings.simplefilter("ignore", DeprecationWarning)
    import gymnasium
    import pygame
    from gymnasium.envs.box2d import car_racing
    from gymnasium.envs.box2d.car_racing import GRASS_DIM, PLAYFIELD, SCALE, WINDOW_H, WINDOW_W, ZOOM, CarRacing

SIZE, STEPS, RATE = 96, 1000, car_racing.FPS  # frame height and width, steps in an episode, steps in a second
LAST_SEED = 2**31 - 1


def checked_seed(seed: object) -> int:
    """The seed of a track as a whole number from 0 to 2³¹ − 1; ``ValueError`` with one sentence for anything else."""
    whole = isinstance(seed, int | np.integer) and not isinstance(seed, bool)
    if not whole or not 0 <= seed <= LAST_SEED:
        raise ValueError(f"A track seed is a whole number from 0 to {LAST_SEED:,}; {str(seed)[:40]!r} is not.")
    return int(seed)


def environment() -> gymnasium.Env:
    """Gymnasium's CarRacing-v3 exactly as it is registered: continuous actions, at most 1,000 steps."""
    return gymnasium.make("CarRacing-v3")


class FastRacing(CarRacing):
    """CarRacing with the same pixels in a fraction of the time, or with none (``pixels=False``: frames are None)."""

    car: Any  # a car_racing.Car from the first reset on
    surf: pygame.Surface  # from the first frame on

    def __init__(self, pixels: bool = True) -> None:
        super().__init__()
        self.pixels = pixels
        self.polygons, self.corners = [], np.zeros((0, 4, 2))
        self.numerals = None

    def reset(self, *, seed: int | None = None, options: dict | None = None):
        self.polygons = []
        return super().reset(seed=seed, options=options)

    def _render(self, mode: str):
        if not self.pixels or "t" not in self.__dict__:
            return None
        pygame.font.init()
        self.surf = pygame.Surface((WINDOW_W, WINDOW_H))
        angle = -self.car.hull.angle
        zoom = 0.1 * SCALE * max(1 - self.t, 0) + ZOOM * SCALE * min(self.t, 1)
        x, y = self.car.hull.position
        scroll = pygame.math.Vector2((-x * zoom, -y * zoom)).rotate_rad(angle)
        move = (WINDOW_W / 2 + scroll[0], WINDOW_H / 4 + scroll[1])
        self._render_road(zoom, move, angle)
        self.car.draw(self.surf, zoom, move, angle, False)
        self.surf = pygame.transform.flip(self.surf, False, True)
        self._render_indicators(WINDOW_W, WINDOW_H)
        self._render_score()
        return self._create_image_array(self.surf, (SIZE, SIZE))

    def _render_score(self) -> None:
        self.numerals = self.numerals or pygame.font.Font(pygame.font.get_default_font(), 42)
        text = self.numerals.render(f"{self.reward:04.0f}", True, (255, 255, 255), (0, 0, 0))
        place = text.get_rect()
        place.center = (60, WINDOW_H - WINDOW_H * 2.5 / 40.0)
        self.surf.blit(text, place)

    def _render_road(self, zoom, translation, angle) -> None:
        if not self.polygons:
            self.polygons = grass(self.grass_color) + self.road_poly
            self.corners = np.array([polygon for polygon, _ in self.polygons])  # (polygons, 4 corners, 2)
        edge = PLAYFIELD
        field = [(edge, edge), (edge, -edge), (-edge, -edge), (-edge, edge)]
        self._draw_colored_polygon(self.surf, field, self.bg_color, zoom, translation, angle, clip=False)
        for index in visible(self.corners, zoom, translation, angle):
            polygon, color = self.polygons[index]
            color = color if index < 400 else [int(channel) for channel in color]
            self._draw_colored_polygon(self.surf, polygon, color, zoom, translation, angle, clip=False)


def grass(color) -> list:
    """The lighter squares of the field, as CarRacing draws them."""
    side = GRASS_DIM
    return [
        ([(side * x + side, side * y), (side * x, side * y), (side * x, side * y + side), (side * x + side, side * y + side)], color)  # noqa: E501
        for x in range(-20, 20, 2) for y in range(-20, 20, 2)
    ]  # fmt: skip


def visible(corners: np.ndarray, zoom: float, translation: tuple, angle: float) -> np.ndarray:
    """Numbers of the polygons (polygons, 4, 2) whose bounding box meets the window, in drawing order."""
    turn = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    on_screen = corners @ turn * zoom + np.array(translation)
    low, high = on_screen.min(axis=1), on_screen.max(axis=1)
    inside = (high >= -2) & (low <= np.array([WINDOW_W + 2, WINDOW_H + 2]))
    return np.flatnonzero(inside.all(axis=1))
