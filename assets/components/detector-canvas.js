// What a detector's canvas shows: the picture, suppressed boxes faint and dashed, kept ones with a tag, true ones in
// black and white, and the box that is looked at with all that it suppressed.
class Easel {
  constructor(canvas) {
    this.canvas = canvas;
    this.pen = canvas.getContext("2d");
    this.image = null;
  }

  // Shows another picture; resolves once it can be painted.
  async take({ picture, width, height }) {
    const image = new Image();
    image.src = picture;
    await image.decode();
    [this.image, this.width, this.height] = [image, width, height];
  }

  // As many dots as the screen has; a box's line stays as thick whatever the picture's size.
  fit() {
    const wide = Math.min(this.canvas.clientWidth || 320, 720);
    const ratio = window.devicePixelRatio || 1;
    const high = Math.round((wide * this.height) / this.width);
    this.scale = wide / this.width;
    if (this.canvas.width !== Math.round(wide * ratio) || this.canvas.height !== Math.round(high * ratio)) {
      this.canvas.width = Math.round(wide * ratio);
      this.canvas.height = Math.round(high * ratio);
      this.canvas.style.aspectRatio = `${this.width} / ${this.height}`;
    }
    this.pen.setTransform(ratio, 0, 0, ratio, 0, 0);
    this.pen.drawImage(this.image, 0, 0, wide, high);
  }

  // Where a pointer is, in pixels of the picture.
  place(event) {
    const box = this.canvas.getBoundingClientRect();
    const inside = (at, span, most) => Math.min(most, Math.max(0, (at * most) / span));
    return [
      inside(event.clientX - box.left, box.width, this.width),
      inside(event.clientY - box.top, box.height, this.height),
    ];
  }

  box([left, top, right, bottom], colour, width, { dash = [], alpha = 1, halo = false } = {}) {
    const { pen, scale } = this;
    const edges = [left * scale, top * scale, (right - left) * scale, (bottom - top) * scale];
    pen.globalAlpha = alpha;
    pen.setLineDash([]);
    if (halo) {
      pen.strokeStyle = "#fff";
      pen.lineWidth = width + 3;
      pen.strokeRect(...edges);
    }
    pen.setLineDash(dash);
    pen.strokeStyle = colour;
    pen.lineWidth = width;
    pen.strokeRect(...edges);
    pen.setLineDash([]);
    pen.globalAlpha = 1;
  }

  // Words on a ground of their own, above a box or inside it where there is no room above.
  tag([left, top], words, colour, ink = "#fff") {
    const { pen, scale } = this;
    pen.font = "600 13px sans-serif";
    const wide = pen.measureText(words).width + 10;
    const x = Math.max(0, Math.min(left * scale - 1, this.width * scale - wide));
    const y = top * scale >= 20 ? top * scale - 19 : top * scale;
    pen.fillStyle = colour;
    pen.fillRect(x, y, wide, 19);
    pen.fillStyle = ink;
    pen.fillText(words, x + 5, y + 14);
  }

  cross([x, y]) {
    const { pen, scale } = this;
    for (const [colour, width] of [
      ["#fff", 4],
      ["#d81b60", 2],
    ]) {
      pen.strokeStyle = colour;
      pen.lineWidth = width;
      pen.beginPath();
      pen.moveTo(x * scale - 10, y * scale);
      pen.lineTo(x * scale + 10, y * scale);
      pen.moveTo(x * scale, y * scale - 10);
      pen.lineTo(x * scale, y * scale + 10);
      pen.stroke();
    }
  }

  // A true box: black dashes on white, which no class has.
  real(box, words, chosen) {
    this.box(box, "#111", chosen ? 3 : 2, { dash: [6, 4], halo: true });
    this.tag([box[0], box[3] + 20 / this.scale], words, "#111");
  }
}
