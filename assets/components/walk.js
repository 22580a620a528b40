// A place on the painter's map: dragging paints. One picture is asked for at a time, and always the newest place next.
const walks = new WeakMap();

class Walk {
  constructor(root) {
    this.canvas = root.querySelector("canvas");
    this.words = root.querySelector("output");
    this.canvas.onpointerdown = event => {
      this.canvas.setPointerCapture(event.pointerId);
      this.down = true;
      this.count = 0;
      this.began = performance.now();
      this.to(event);
    };
    this.canvas.onpointermove = event => this.down && this.to(event);
    this.canvas.onpointerup = this.canvas.onpointercancel = () => this.up();
    this.canvas.onkeydown = event => {
      const steps = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key];
      if (!steps) return;
      event.preventDefault();
      this.go(this.x + 0.02 * steps[0], this.y + 0.02 * steps[1]);
      clearTimeout(this.resting);
      this.resting = setTimeout(() => this.up(), 500);
    };
  }

  to(event) {
    const box = this.canvas.getBoundingClientRect();
    this.go((event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height);
  }

  go(x, y) {
    this.x = Math.min(1, Math.max(0, x));
    this.y = Math.min(1, Math.max(0, y));
    this.wanted = true;
    this.fetch();
  }

  async fetch() {
    if (this.busy || !this.wanted) return;
    this.busy = true;
    this.wanted = false;
    const { left, right, seed } = this.data;
    const query = new URLSearchParams({ left, right, seed, x: this.x.toFixed(4), y: this.y.toFixed(4) });
    try {
      const answer = await fetch(new URL(`api/art/picture?${query}`, document.baseURI)); // under any base path
      if (!answer.ok) this.say((await answer.json()).error);
      else this.paint(await createImageBitmap(await answer.blob()));
    } catch {
      this.say("The connection is gone: reload the page.");
    }
    this.busy = false;
    this.fetch();
  }

  paint(picture) {
    const context = this.canvas.getContext("2d"),
      side = this.canvas.width;
    context.imageSmoothingQuality = "high";
    context.drawImage(picture, 0, 0, side, side);
    context.lineWidth = 3;
    for (const [colour, radius] of [
      ["#fff", 9],
      ["#111", 7],
    ]) {
      context.strokeStyle = colour;
      context.beginPath();
      context.arc(this.x * side, this.y * side, radius, 0, 2 * Math.PI);
      context.stroke();
    }
    this.count = (this.count ?? 0) + 1;
    const seconds = (performance.now() - (this.began ?? performance.now())) / 1000;
    const rate = this.down && seconds > 0.5 ? `, ${(this.count / seconds).toFixed(0)} pictures a second` : "";
    this.say(`${this.x.toFixed(2)} across, ${this.y.toFixed(2)} down${rate}`);
    this.canvas.dataset.painted = Number(this.canvas.dataset.painted ?? 0) + 1;
  }

  say(words) {
    this.words.textContent = words;
  }

  up() {
    this.down = false;
    this.tell({ x: this.x, y: this.y });
  }

  show(data) {
    const fresh = JSON.stringify(data) !== JSON.stringify(this.data);
    this.data = data;
    this.canvas.setAttribute("aria-label", data.alt);
    if (fresh && !this.down) this.go(data.x, data.y);
  }
}

export default function ({ data, parentElement, setTriggerValue }) {
  const root = parentElement.querySelector(".walk");
  if (!walks.has(root)) walks.set(root, new Walk(root));
  const walk = walks.get(root);
  walk.tell = place => setTriggerValue("place", place);
  walk.show(data);
  return () => walks.delete(root);
}
