// The map of lessons: one list of links for each chapter, and behind them lines from what is needed to what needs it.
// Pointing at a lesson, or reaching it by key, shows what it builds on and where it leads; in a narrow window the lines
// give way to words.
const SVG = "http://www.w3.org/2000/svg";
const MARKS = { done: "✓", known: "✓", next: "→", open: "" };
const WORDS = { done: "done", known: "known, by the placement", next: "next on your path", open: "" };
const maps = new WeakMap();

function element(kind, className, text = "") {
  const made = document.createElement(kind);
  made.className = className;
  made.textContent = text;
  return made;
}

// A line from one box to another: downwards between rows, otherwise sideways or in an arc below the row.
function line(from, to) {
  const [x, y] = [from.left + from.width / 2, from.top + from.height];
  const [u, v] = [to.left + to.width / 2, to.top];
  if (v >= y) return `M${x} ${y}C${x} ${y + 22} ${u} ${v - 22} ${u} ${v}`;
  const beside = to.left - from.left - from.width;
  const middle = from.top + from.height / 2;
  if (beside >= 0 && beside < 40) return `M${from.left + from.width} ${middle}L${to.left} ${middle}`;
  const low = Math.max(y, v + to.height);
  return `M${x} ${y}C${x} ${low + 20} ${u} ${low + 20} ${u} ${v + to.height}`;
}

class LessonMap {
  constructor(root) {
    this.root = root;
    this.rows = root.querySelector(".rl-m-rows");
    this.lines = root.querySelector(".rl-m-lines");
    this.said = root.querySelector(".rl-m-said");
    new ResizeObserver(() => this.draw()).observe(this.rows);
  }

  show(chapters) {
    const text = JSON.stringify(chapters);
    if (text === this.text) return;
    this.text = text;
    this.lessons = Object.fromEntries(chapters.flatMap(({ lessons }) => lessons.map(each => [each.slug, each])));
    this.boxes = {};
    this.rows.replaceChildren(...chapters.map(chapter => this.row(chapter)));
    this.draw();
  }

  row({ number, title, lessons }) {
    const section = element("section", "rl-m-chapter");
    const list = element("ul", "");
    list.append(...lessons.map(lesson => this.box(lesson)));
    section.append(element("h2", "", `${number} · ${title}`), list);
    return section;
  }

  box({ slug, title, state, on, needs }) {
    const item = element("li", `rl-m-lesson rl-m-${state}${on ? " rl-m-on" : ""}`);
    const link = element("a", "");
    link.href = new URL(slug, document.baseURI).href;
    const mark = element("span", "rl-m-mark", MARKS[state]);
    mark.ariaHidden = "true";
    link.append(mark, element("span", "", title));
    const said = [WORDS[state], on ? "on your path" : "", needs.length ? `builds on ${this.names(needs)}` : ""];
    item.append(link, element("span", "rl-m-needs", said.filter(Boolean).join("; ")));
    link.addEventListener("click", event => {
      if (event.ctrlKey || event.metaKey || event.shiftKey) return; // a new tab, as with any link
      event.preventDefault();
      this.open(slug);
    });
    for (const kind of ["focus", "pointerenter"]) link.addEventListener(kind, () => this.point(slug));
    for (const kind of ["blur", "pointerleave"]) link.addEventListener(kind, () => this.point());
    this.boxes[slug] = item;
    return item;
  }

  names(slugs) {
    return slugs.map(slug => this.lessons[slug].title).join(" · ");
  }

  leads(slug) {
    return Object.values(this.lessons)
      .filter(({ needs }) => needs.includes(slug))
      .map(each => each.slug);
  }

  basis(slug, known = new Set()) {
    for (const need of this.lessons[slug].needs) if (!known.has(need)) this.basis(need, known.add(need));
    return known;
  }

  // Mark a lesson, all that it builds on and what it leads to directly; without one, nothing.
  point(slug) {
    this.here = slug;
    const basis = slug ? this.basis(slug) : new Set();
    const next = slug ? this.leads(slug) : [];
    for (const [each, box] of Object.entries(this.boxes)) {
      box.classList.toggle("rl-m-here", each === slug);
      box.classList.toggle("rl-m-basis", basis.has(each));
      box.classList.toggle("rl-m-ahead", next.includes(each));
    }
    if (slug) {
      const { title, needs } = this.lessons[slug];
      const before = needs.length ? `builds on ${this.names(needs)}` : "needs nothing before it";
      this.said.textContent = `${title} ${before}${next.length ? ` and leads to ${this.names(next)}` : ""}.`;
    }
    this.draw();
  }

  draw() {
    const { width, height, left, top } = this.rows.getBoundingClientRect();
    this.lines.setAttribute("viewBox", `0 0 ${width} ${height}`);
    if (!width || getComputedStyle(this.lines).display === "none") return;
    const places = Object.fromEntries(
      Object.entries(this.boxes).map(([slug, box]) => {
        const at = box.getBoundingClientRect();
        return [slug, { left: at.left - left, top: at.top - top, width: at.width, height: at.height }];
      }),
    );
    const basis = this.here ? this.basis(this.here).add(this.here) : new Set();
    const drawn = Object.values(this.lessons).flatMap(({ slug, needs, on }) =>
      needs.map(need => {
        const path = document.createElementNS(SVG, "path");
        path.setAttribute("d", line(places[need], places[slug]));
        const lit = basis.has(slug) ? "rl-m-basis" : need === this.here ? "rl-m-ahead" : "";
        path.setAttribute("class", [on && this.lessons[need].on ? "rl-m-on" : "", lit].join(" "));
        return path;
      }),
    );
    this.lines.replaceChildren(...drawn);
  }
}

export default function ({ data, parentElement, setTriggerValue }) {
  const root = parentElement.querySelector(".rl-map");
  if (!maps.has(root)) maps.set(root, new LessonMap(root));
  const map = maps.get(root);
  map.open = slug => setTriggerValue("opened", slug);
  map.show(data.chapters);
}
