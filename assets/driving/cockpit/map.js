// The map: the track from above, the path driven on and off it, rings where the car was pushed, the car.
class TrackMap {
  constructor(root) {
    this.root = root;
    this.ink = root.querySelector(".cp-map").getContext("2d");
    this.track = [];
  }

  // From places in the simulator to places on the canvas.
  scaled() {
    const xs = this.track.map(([x]) => x);
    const ys = this.track.map(([, y]) => y);
    const [left, low] = [Math.min(...xs), Math.min(...ys)];
    const scale = 180 / Math.max(Math.max(...xs) - left, Math.max(...ys) - low);
    return ([x, y]) => [10 + (x - left) * scale, 190 - (y - low) * scale];
  }

  draw(moments, pushes, index) {
    if (!this.track.length) return;
    const { ink } = this;
    const to = this.scaled();
    ink.clearRect(0, 0, 200, 200);
    this.road(to);
    for (const off of [false, true]) this.path(to, moments, index, off);
    for (const at of pushes) if (at <= index) this.ring(to(moments[at].place));
    ink.fillStyle = COLOURS.car;
    ink.beginPath();
    ink.arc(...to(moments[index].place), 6, 0, 7);
    ink.fill();
  }

  road(to) {
    const { ink, track } = this;
    Object.assign(ink, { globalAlpha: 0.3, lineWidth: 7, strokeStyle: getComputedStyle(this.root).color });
    ink.beginPath();
    for (const place of track) ink.lineTo(...to(place));
    ink.closePath();
    ink.stroke();
    Object.assign(ink, { globalAlpha: 1, lineWidth: 3 });
  }

  path(to, moments, index, off) {
    const { ink } = this;
    ink.strokeStyle = off ? COLOURS.off : COLOURS.driver;
    ink.beginPath();
    for (let at = 2; at <= index; at += 2) {
      if (moments[at].off >= 2 !== off) continue;
      ink.moveTo(...to(moments[at - 2].place));
      ink.lineTo(...to(moments[at].place));
    }
    ink.stroke();
  }

  ring(place) {
    this.ink.strokeStyle = COLOURS.push;
    this.ink.beginPath();
    this.ink.arc(...place, 8, 0, 7);
    this.ink.stroke();
  }
}
