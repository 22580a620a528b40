// A detector's answer, to be looked at and judged in the browser: the sliders choose again among the raw boxes, which
// never leave the page. With the canvas focused, left and right go from box to box, down and up through those that the
// box has suppressed; where true boxes are drawn, arrows move a cross (with Shift faster), space sets a corner, N goes
// to the next true box, Delete removes it.
const detectors = new WeakMap();
const settingsOf = (window.roadmapLabDetectors ??= new Map()); // by the component's key: they outlive a change of view
const NUMBERS = { f4: Float32Array, i4: Int32Array };

const unpacked = ({ dtype, bdata }) =>
  new NUMBERS[dtype](Uint8Array.from(atob(bdata), letter => letter.charCodeAt(0)).buffer);

class Detector {
  constructor(root) {
    this.root = root;
    this.canvas = this.part("canvas");
    this.easel = new Easel(this.canvas);
    this.score = new Scoreboard(root);
    this.truth = [];
    this.chosen = -1; // a place in `raw`
    this.marked = -1; // a place in `truth`
    this.drawing = false;
    this.watcher = new ResizeObserver(() => this.ready && this.paint());
    this.watcher.observe(this.canvas);
    this.listen();
  }

  part(selector) {
    return this.root.querySelector(selector);
  }

  // Takes what the page sends; nothing happens where it is what is shown already.
  async show(data) {
    if (data.id === this.id) return;
    Object.assign(this, { id: data.id, data, ready: false, chosen: -1, marked: -1, corner: null, cross: null });
    this.settings = settingsOf.get(data.key) ?? {
      confidence: data.confidence,
      iou: data.threshold,
      across: false,
      faint: true,
      hidden: [],
    };
    settingsOf.set(data.key, this.settings);
    this.raw = Object.fromEntries(Object.entries(data.raw).map(([name, packed]) => [name, unpacked(packed)]));
    this.truth = data.truth.map(one => ({ ...one }));
    this.isLabelling = data.labelling;
    for (const part of this.root.querySelectorAll("[data-for=look]")) part.hidden = this.isLabelling;
    this.part("[data-act=given]").hidden = this.isLabelling || !data.given.length;
    this.fill();
    this.draws(this.isLabelling || this.drawing);
    await this.easel.take(data);
    if (this.id !== data.id) return;
    this.ready = true;
    this.choose();
    if (this.settings.touched) this.settled(); // the page has forgotten it while another view was looked at
    this.root.dataset.ready = data.id;
  }

  // The sliders as they stand, the classes and the list of them.
  fill() {
    for (const name of ["confidence", "iou"]) this.part(`[name=${name}]`).value = this.settings[name];
    for (const name of ["across", "faint"]) this.part(`[name=${name}]`).checked = this.settings[name];
    const { names } = this.data;
    const before = this.part("select[name=class]").value;
    this.part("select[name=class]").replaceChildren(...names.map((name, at) => new Option(name, at)));
    if (before !== "" && Number(before) < names.length) this.part("select[name=class]").value = before;
    const counts = new Map();
    for (const one of this.raw.classes) counts.set(one, (counts.get(one) ?? 0) + 1);
    this.part(".rl-d-list").replaceChildren(
      ...names.map((name, at) => {
        const label = document.createElement("label");
        const box = Object.assign(document.createElement("input"), { type: "checkbox", value: at });
        box.checked = !this.settings.hidden.includes(name);
        const count = document.createElement("b");
        count.textContent = counts.get(at) ?? 0;
        label.append(box, name, count);
        return label;
      }),
    );
  }

  colour(at) {
    return this.data.colours[at % this.data.colours.length];
  }

  name(at) {
    return this.data.names[this.raw.classes[at]];
  }

  boxOf(at) {
    return this.raw.boxes.subarray(4 * at, 4 * at + 4);
  }

  // Chooses among the raw boxes anew, paints and tells: all that a slider needs.
  choose() {
    const { confidence, iou, across, hidden } = this.settings;
    const shown = hidden.length
      ? new Set(this.data.names.map((name, at) => (hidden.includes(name) ? -1 : at)).filter(at => at >= 0))
      : null;
    this.found = suppression(this.raw, { confidence, iou, across, shown });
    if (this.chosen >= 0 && this.found.by[this.chosen] === -2) this.chosen = -1;
    this.part("[name=confidence] ~ output").textContent = confidence.toFixed(2);
    this.part("[name=iou] ~ output").textContent = iou.toFixed(2);
    const looked = this.found.by.reduce((sum, one) => sum + (one > -2), 0);
    const { kept } = this.found;
    const counted = `${looked} of ${this.data.candidates.toLocaleString("en")} boxes score above ${confidence.toFixed(2)}; `;
    this.part(".rl-d-count").textContent = `${counted}${kept.length} kept, ${looked - kept.length} suppressed.`;
    this.part(".rl-d-classes summary span").textContent = shown
      ? `(${shown.size} of ${this.data.names.length})`
      : "(all)";
    Object.assign(this.root.dataset, { kept: kept.join(), suppressed: looked - kept.length });
    this.list();
    this.judge();
    this.tell();
    this.paint();
  }

  list() {
    const { kept } = this.found;
    const rows = kept.slice(0, 60).map(at => {
      const button = document.createElement("button");
      button.type = "button";
      button.dataset.at = at;
      button.setAttribute("aria-pressed", String(at === this.chosen));
      const patch = document.createElement("i");
      patch.style.background = this.colour(this.raw.classes[at]);
      const score = document.createElement("b");
      score.textContent = this.raw.scores[at].toFixed(2);
      button.append(patch, this.name(at), score);
      return button;
    });
    if (kept.length > 60) rows.push(document.createTextNode(`and ${kept.length - 60} more`));
    if (!kept.length) rows.push(document.createTextNode("No box is kept."));
    this.part(".rl-d-kept").replaceChildren(...rows);
  }

  // The words below the picture.
  tell() {
    const said = this.part(".rl-d-said");
    if (this.drawing) return (said.textContent = this.drawn());
    if (this.isLabelling || this.chosen < 0)
      return (said.textContent = this.found.kept.length
        ? "Click a box, or its faint rivals. Arrow keys go from box to box, down and up through those it suppressed."
        : "");
    const by = this.found.by[this.chosen];
    const [stride, row, column] = this.raw.cells.subarray(3 * this.chosen, 3 * this.chosen + 3);
    const score = this.raw.scores[this.chosen].toFixed(2);
    const cell = `the cell in row ${row + 1}, column ${column + 1} of the grid with stride ${stride}`;
    const lines = [`${this.name(this.chosen)} ${score}, from ${stride ? cell : "a part of the picture"}.`];
    if (by >= 0) {
      const iou = overlap(this.raw.boxes, by, this.raw.boxes, this.chosen).toFixed(2);
      const limit = this.settings.iou.toFixed(2);
      lines.push(
        `Suppressed by ${this.name(by)} ${this.raw.scores[by].toFixed(2)}: their IoU ${iou} is above ${limit}.`,
      );
    } else lines.push(`Kept. It suppresses ${this.victims(this.chosen).length} boxes.`);
    said.textContent = lines.join(" ");
  }

  drawn() {
    if (this.corner) return "The first corner is set. Space sets the opposite one, Escape gives it up.";
    if (this.marked < 0)
      return "Drag a box around each object. By keys: arrows move the cross, space sets a corner, N goes to the next box.";
    const one = this.truth[this.marked];
    const words = `True box ${this.marked + 1} of ${this.truth.length}: ${this.data.names[one.class]}.`;
    if (this.isLabelling) return words;
    let [best, most] = [-1, 0];
    for (const at of this.found.kept) {
      const iou = overlap(this.raw.boxes, at, one.box, 0);
      if (iou > most) [best, most] = [at, iou];
    }
    return best < 0
      ? `${words} No kept box overlaps it.`
      : `${words} Best overlap: ${this.name(best)} ${this.raw.scores[best].toFixed(2)}, IoU ${most.toFixed(3)}.`;
  }

  victims(at) {
    const found = [];
    this.found.by.forEach((one, place) => one === at && found.push(place));
    return found;
  }

  judge() {
    if (this.isLabelling) return;
    this.score.show(this.raw, this.found.kept, this.truth, this.data.names);
  }

  paint() {
    if (!this.ready) return;
    this.easel.fit();
    const { by, kept } = this.found;
    const owner = this.chosen < 0 ? -1 : by[this.chosen] >= 0 ? by[this.chosen] : this.chosen;
    if (this.settings.faint)
      by.forEach((one, at) => {
        if (one < 0) return;
        const own = one === owner;
        const alpha = owner < 0 ? 0.55 : own ? 0.9 : 0.2;
        this.easel.box(this.boxOf(at), this.colour(this.raw.classes[at]), 1.4, { dash: [4, 3], alpha });
      });
    for (const at of [...kept].reverse()) {
      const colour = this.colour(this.raw.classes[at]);
      const dim = owner >= 0 && at !== owner;
      this.easel.box(this.boxOf(at), colour, at === owner ? 4 : 2.5, { alpha: dim ? 0.5 : 1, halo: at === owner });
      if (!dim) this.easel.tag(this.boxOf(at), `${this.name(at)} ${this.raw.scores[at].toFixed(2)}`, colour);
    }
    if (this.chosen >= 0 && this.chosen !== owner)
      this.easel.box(this.boxOf(this.chosen), "#d81b60", 3, { dash: [7, 4], halo: true });
    this.truth.forEach((one, at) => this.easel.real(one.box, this.data.names[one.class], at === this.marked));
    if (this.draft) this.easel.box(this.draft, "#d81b60", 2, { dash: [6, 4], halo: true });
    if (this.drawing && this.cross) this.easel.cross(this.cross);
    this.canvas.setAttribute("aria-label", this.described());
  }

  described() {
    const boxes = this.found.kept.slice(0, 12).map(at => `${this.name(at)} ${this.raw.scores[at].toFixed(2)}`);
    const real = this.truth.length ? ` ${this.truth.length} true boxes are drawn.` : "";
    const found = this.isLabelling ? "" : ` ${this.found.kept.length} boxes kept: ${boxes.join(", ") || "none"}.`;
    const keys = this.drawing
      ? "Arrow keys move the cross, space sets a corner, N next true box, Delete removes it."
      : "Arrow keys go from box to box.";
    return `${this.data.alt}${found}${real} ${keys}`;
  }

  // Looks at one box, or at none (-1).
  look(at) {
    this.chosen = at;
    for (const button of this.root.querySelectorAll(".rl-d-kept button"))
      button.setAttribute("aria-pressed", String(Number(button.dataset.at) === at));
    this.root.dataset.chosen = at;
    this.root.dataset.by = at < 0 ? "" : this.found.by[at];
    this.tell();
    this.paint();
    this.report("chosen", at < 0 ? null : { id: this.id, at });
  }

  draws(on) {
    this.drawing = on;
    this.draft = this.corner = null;
    this.canvas.classList.toggle("drawing", on);
    this.part("[data-act=draw]").setAttribute("aria-pressed", String(on));
    this.part(".rl-d-class").hidden = !on;
    for (const name of ["delete", "clear"]) this.part(`[data-act=${name}]`).hidden = !on;
  }

  // True boxes have changed: judge by them, and tell the page.
  changed() {
    this.draft = this.corner = null;
    this.judge();
    this.tell();
    this.paint();
    this.root.dataset.truth = this.truth.length;
    const boxes = this.truth.map(one => ({ class: one.class, box: one.box.map(edge => Math.round(10 * edge) / 10) }));
    this.report("truth", { id: this.id, boxes });
  }

  between([x, y], [u, v]) {
    return [Math.min(x, u), Math.min(y, v), Math.max(x, u), Math.max(y, v)];
  }

  add(box) {
    if (box[2] - box[0] < 3 || box[3] - box[1] < 3) {
      this.draft = null;
      return this.paint();
    }
    if (this.truth.length < 100) this.truth.push({ class: Number(this.part("select[name=class]").value), box });
    this.marked = this.truth.length - 1;
    this.changed();
  }

  // The boxes under a place, those first whose edge is nearest.
  under([x, y], boxes) {
    const near = box => Math.min(...[box[0] - x, box[2] - x, box[1] - y, box[3] - y].map(Math.abs));
    const inside = box => x >= box[0] - 3 && x <= box[2] + 3 && y >= box[1] - 3 && y <= box[3] + 3;
    return boxes.filter(one => inside(one.box)).sort((one, other) => near(one.box) - near(other.box));
  }

  clicked(place) {
    const seen = [];
    this.found.by.forEach((one, at) => {
      if (one >= -1 && (one === -1 || this.settings.faint)) seen.push({ at, box: this.boxOf(at) });
    });
    const hits = this.under(place, seen).map(one => one.at);
    const again = this.last && Math.hypot(place[0] - this.last[0], place[1] - this.last[1]) < 4;
    this.last = place;
    this.look(hits.length ? hits[again ? (hits.indexOf(this.chosen) + 1) % hits.length : 0] : -1);
  }

  listen() {
    const { root, canvas } = this;
    for (const name of ["confidence", "iou"])
      this.part(`[name=${name}]`).addEventListener("input", event => {
        this.settings[name] = Number(event.target.value);
        this.choose();
      });
    for (const name of ["confidence", "iou"])
      this.part(`[name=${name}]`).addEventListener("change", () => this.settled());
    for (const name of ["across", "faint"])
      this.part(`[name=${name}]`).addEventListener("change", event => {
        this.settings[name] = event.target.checked;
        this.choose();
        this.settled();
      });
    this.part("input[type=search]").addEventListener("input", event => {
      const words = event.target.value.trim().toLowerCase();
      for (const label of root.querySelectorAll(".rl-d-list label"))
        label.hidden = !label.textContent.toLowerCase().includes(words);
    });
    this.part(".rl-d-list").addEventListener("change", () => this.filter());
    this.part(".rl-d-kept").addEventListener("click", event => {
      const button = event.target.closest("button");
      if (button) this.look(Number(button.dataset.at) === this.chosen ? -1 : Number(button.dataset.at));
    });
    const acts = {
      all: () => this.tick(true),
      none: () => this.tick(false),
      draw: () => {
        this.draws(!this.drawing);
        this.tell();
        this.paint();
      },
      delete: () => this.remove(),
      clear: () => {
        this.truth = [];
        this.marked = -1;
        this.changed();
      },
      given: () => {
        this.truth = this.data.given.map(one => ({ ...one }));
        this.marked = -1;
        this.changed();
      },
    };
    for (const [name, act] of Object.entries(acts)) this.part(`[data-act=${name}]`).addEventListener("click", act);
    canvas.addEventListener("keydown", event => this.key(event));
    canvas.addEventListener("click", event => this.drawing || this.clicked(this.easel.place(event)));
    canvas.addEventListener("pointerdown", event => this.down(event));
    canvas.addEventListener("pointermove", event => this.move(event));
    for (const end of ["pointerup", "pointercancel"]) canvas.addEventListener(end, event => this.up(event));
  }

  // The ticked classes; the list may be searched, so that "None" and then a tick shows one class of eighty.
  filter() {
    const boxes = [...this.root.querySelectorAll(".rl-d-list input")];
    this.settings.hidden = boxes.filter(one => !one.checked).map(one => this.data.names[one.value]);
    this.choose();
    this.settled();
  }

  // A slider is let go: the page may now write down what is found.
  settled() {
    const { confidence, iou, across, hidden } = this.settings;
    this.settings.touched = true;
    this.report("settings", { confidence, iou, across, hidden });
  }

  tick(on) {
    for (const label of this.root.querySelectorAll(".rl-d-list label"))
      if (!label.hidden) label.firstChild.checked = on;
    this.filter();
  }

  remove() {
    if (this.marked < 0) this.marked = this.truth.length - 1;
    if (this.marked < 0) return;
    this.truth.splice(this.marked, 1);
    this.marked = Math.min(this.marked, this.truth.length - 1);
    this.changed();
  }

  down(event) {
    if (!this.drawing || event.button > 0 || this.pointer !== undefined) return;
    this.pointer = event.pointerId;
    this.canvas.setPointerCapture(event.pointerId);
    this.start = this.easel.place(event);
    this.cross = null;
  }

  move(event) {
    if (event.pointerId !== this.pointer) return;
    this.draft = this.between(this.start, this.easel.place(event));
    this.paint();
  }

  up(event) {
    if (event.pointerId !== this.pointer) return;
    this.pointer = undefined;
    const box = this.between(this.start, this.easel.place(event));
    if (event.type === "pointerup" && box[2] - box[0] < 3 && box[3] - box[1] < 3) this.mark(this.start);
    else if (event.type === "pointerup") this.add(box);
    else this.draft = null;
  }

  mark(place) {
    const hits = this.under(
      place,
      this.truth.map((one, at) => ({ at, box: one.box })),
    );
    this.marked = hits.length ? hits[0].at : -1;
    this.draft = null;
    this.tell();
    this.paint();
  }

  key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const acted = this.drawing ? this.drawByKey(event) : this.walk(event.key);
    if (acted) event.preventDefault();
  }

  // From box to box; true if the key meant something.
  walk(key) {
    const { kept, by } = this.found;
    if (!kept.length || !["ArrowRight", "ArrowLeft", "ArrowDown", "ArrowUp", "Escape"].includes(key)) return false;
    const owner = this.chosen >= 0 && by[this.chosen] >= 0 ? by[this.chosen] : this.chosen;
    const place = kept.indexOf(owner);
    if (key === "Escape") this.look(-1);
    else if (key === "ArrowRight") this.look(kept[(place + 1) % kept.length]);
    else if (key === "ArrowLeft") this.look(kept[(place <= 0 ? kept.length : place) - 1]);
    else if (owner >= 0) {
      const all = [owner, ...this.victims(owner)];
      const next = all.indexOf(this.chosen) + (key === "ArrowDown" ? 1 : -1);
      this.look(all[(next + all.length) % all.length]);
    }
    return true;
  }

  drawByKey(event) {
    const moves = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
    const { width, height } = this.data;
    const move = moves[event.key];
    this.cross ??= [width / 2, height / 2];
    if (move) {
      const step = (event.shiftKey ? 0.05 : 0.01) * Math.max(width, height);
      this.cross = [
        Math.min(width, Math.max(0, this.cross[0] + step * move[0])),
        Math.min(height, Math.max(0, this.cross[1] + step * move[1])),
      ];
      if (this.corner) this.draft = this.between(this.corner, this.cross);
    } else if (event.key === " ") {
      if (this.corner) this.add(this.between(this.corner, this.cross));
      else this.corner = [...this.cross];
    } else if (event.key.toLowerCase() === "n" && this.truth.length)
      this.marked = (this.marked + 1) % this.truth.length;
    else if (event.key === "Delete" || event.key === "Backspace") this.remove();
    else if (event.key === "Escape" && this.corner) this.draft = this.corner = null;
    else return false;
    this.tell();
    this.paint();
    return true;
  }

  close() {
    this.watcher.disconnect();
  }
}

export default function ({ data, parentElement, setStateValue }) {
  const root = parentElement.querySelector(".rl-detector");
  if (!detectors.has(root)) detectors.set(root, new Detector(root));
  const detector = detectors.get(root);
  detector.report = setStateValue;
  detector.show(data);
  return () => {
    detectors.get(root)?.close();
    detectors.delete(root);
  };
}
