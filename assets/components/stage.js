// The stage: draws one or more Plotly figures, replays their frames together, and reports clicks. The end of a run is
// shown first; the frames follow (replay.js), and then play, pause, step and scrub ask the server nothing.
// Plotly, fetched once a visit and kept by the browser for good; relative, so that a base path may come before it.
const loaded = address =>
  (window.roadmapLabPlotly ??= import(new URL(address, document.baseURI)).then(
    () => window.Plotly,
    () => {
      window.roadmapLabPlotly = null; // the next figure tries again
      throw new Error("The figures' script could not be loaded: check the connection and reload the page.");
    },
  ));

const stages = new WeakMap();

function colours(element) {
  const style = getComputedStyle(element);
  const value = name => style.getPropertyValue(name).trim();
  const dark = parseInt(value("--st-background-color").slice(1, 3), 16) < 128;
  return {
    "@orange": dark ? "#f5a878" : "#974607",
    "@blue": dark ? "#8dbcf0" : "#255b99",
    "@ink": value("--st-text-color") || "#1e2430",
    "@paper": value("--st-background-color") || "#fff",
    "@faint": value("--st-border-color") || "#ccc",
    font: value("--st-font") || "sans-serif",
  };
}

function themed(value, names) {
  if (typeof value === "string") return names[value] ?? value;
  if (Array.isArray(value)) return value.map(item => themed(item, names));
  if (value && typeof value === "object")
    return Object.fromEntries(
      Object.entries(value).map(([key, item]) => [key, key === "bdata" ? item : themed(item, names)]),
    );
  return value;
}

function framed(layout, names, width) {
  const axis = {
    gridcolor: names["@faint"],
    linecolor: names["@faint"],
    zerolinecolor: names["@faint"],
    ticklabeloverflow: "allow", // Plotly would measure every label after drawing it
  };
  const styled = {
    ...layout,
    width,
    autosize: false,
    paper_bgcolor: "rgba(0,0,0,0)",
    plot_bgcolor: "rgba(0,0,0,0)",
    font: {
      family: names.font,
      size: layout.meta?.dense ? (width < 440 ? 10.5 : 14) : 13,
      color: names["@ink"],
      ...(layout.font ?? {}),
    },
    hoverlabel: {
      bgcolor: names["@paper"],
      bordercolor: names["@faint"],
      font: { family: names.font, color: names["@ink"] },
    },
  };
  if (layout.yaxis?.scaleanchor) styled.height = Math.min(layout.height, tall(layout, width)); // on a narrow screen
  for (const key of Object.keys(layout)) if (/^[xy]axis/.test(key)) styled[key] = { ...axis, ...percents(layout[key]) };
  return styled;
}

// Whole percents where Plotly chooses them, and their parts where it chooses smaller steps: not 1%, 1%, 2%, 2%.
function percents(axis) {
  return axis.tickformat === ".0%" && !axis.tickvals ? { ...axis, tickformat: "~%" } : axis;
}

// The height of a plane of equal scales: as its ranges say, else (or beside others) square; a flat one has room for axes
// and a legend.
function tall({ xaxis, yaxis, showlegend }, width) {
  const span = axis => (axis?.range && !axis.domain ? Math.abs(axis.range[1] - axis.range[0]) : 0);
  const slant = span(xaxis) && span(yaxis) ? Math.min(1, span(yaxis) / span(xaxis)) : 1;
  const bare = xaxis?.visible === false && showlegend === false;
  return Math.round(width * slant) + (slant < 1 && !bare ? 90 : 40);
}

class Stage {
  constructor(root) {
    this.root = root;
    this.position = null;
    this.timer = null;
    this.panels = [];
    this.bar = root.querySelector(".rl-bar");
    this.range = root.querySelector("input");
    this.caption = root.querySelector(".rl-caption");
    this.observer = new ResizeObserver(() => this.resize());
    this.observer.observe(root);
    const button = name => root.querySelector(`[data-act=${name}]`);
    button("play").onclick = () => (this.timer ? this.pause() : this.play());
    button("back").onclick = () => {
      this.pause();
      this.show(this.position - 1);
    };
    button("on").onclick = () => {
      this.pause();
      this.show(this.position + 1);
    };
    this.range.oninput = () => {
      this.pause();
      this.show(Number(this.range.value));
    };
  }

  async draw(data, report) {
    this.report = report;
    const names = colours(this.root),
      theme = JSON.stringify(names),
      fresh = this.text !== data.pictures;
    if (!fresh && this.theme === theme) return;
    this.text = data.pictures;
    this.names = names;
    this.theme = theme;
    this.pictures = JSON.parse(data.pictures);
    if (fresh) this.expect(data);
    const grid = this.root.querySelector(".rl-grid"),
      coming = loaded(data.script);
    while (grid.children.length > this.pictures.length) {
      this.Plotly?.purge(grid.lastChild.lastChild);
      grid.lastChild.remove();
    }
    while (grid.children.length < this.pictures.length) {
      const cell = document.createElement("div");
      cell.className = "rl-cell";
      cell.append(document.createElement("canvas"), document.createElement("div"));
      grid.append(cell);
    }
    this.panels = this.pictures.map((picture, index) => {
      const cell = grid.children[index],
        panel = cell.lastChild;
      cell.style.flexGrow = picture.weight ?? 1;
      if (!picture.layout.yaxis?.scaleanchor) cell.style.minHeight = `${picture.layout.height}px`;
      panel.setAttribute("role", "img");
      panel.setAttribute("aria-label", picture.alt);
      return panel;
    });
    const length = Math.max(...this.pictures.map(picture => picture.length));
    const labels = (this.pictures.find(picture => picture.labels.length) ?? { labels: [] }).labels;
    const end = Math.max(length - 1, 0);
    const keep = this.length === length && this.position !== null && this.position !== this.length - 1;
    this.position = keep ? this.position : end;
    this.length = length;
    this.labels = labels;
    this.bar.hidden = length < 2;
    this.range.max = end;
    this.captions = (this.pictures.find(picture => picture.captions.length) ?? { captions: [] }).captions;
    this.caption.hidden = !this.captions.length;
    this.caption.style.minHeight = `${1.5 * Math.max(0, ...this.captions.map(text => text.split("\n").length))}em`;
    this.Plotly = await coming;
    if (this.position !== end) await this.coming; // the learner looks at an earlier moment
    await Promise.all(this.panels.map((_, index) => this.plot(index)));
    this.panels.forEach((panel, index) => this.listen(panel, this.pictures[index], index));
    this.label();
    this.shown = data.id;
    this.root.dataset.drawn = String(Number(this.root.dataset.drawn ?? 0) + 1);
  }

  // The frames that belong to these pictures, now or when they arrive.
  expect({ key, id }) {
    this.id = id;
    this.frames = null;
    const replays = (window.roadmapLabReplays ??= { kept: new Map(), wanted: new Map() });
    this.coming = new Promise(done => {
      const take = text => {
        if (this.id !== id) return;
        this.frames = JSON.parse(text);
        done();
        if (this.shown === id && this.position !== this.length - 1) this.show(this.position);
      };
      const kept = replays.kept.get(key);
      if (!this.pictures.some(picture => picture.length)) done();
      else if (kept?.id === id) take(kept.frames);
      replays.wanted.set(key, { id, take });
    });
  }

  at(index) {
    const { traces, end } = this.pictures[index],
      frames = this.frames?.[index];
    const frame = frames ? frames[Math.min(this.position, frames.length - 1)] : end;
    return frame ? traces.map((trace, place) => (frame[place] ? { ...trace, ...frame[place] } : trace)) : traces;
  }

  // Plotly draws what is new; backgrounds are painted behind it, and the legend names the clouds among them.
  async plot(index) {
    const panel = this.panels[index],
      picture = this.pictures[index],
      names = this.names,
      turn = (panel.turn ?? 0) + 1;
    panel.turn = turn;
    const layout = framed(themed(picture.layout, names), names, panel.parentElement.clientWidth);
    const traces = themed(this.at(index), names);
    const behind = traces.filter(trace => isBackground(trace, layout)),
      before = traces
        .filter(trace => isCloud(trace) || !behind.includes(trace))
        .map(trace => (isCloud(trace) && behind.includes(trace) ? { ...trace, x: [null], y: [null] } : trace));
    const text = JSON.stringify([before, layout]);
    if (panel.text !== text) {
      panel.text = text;
      await this.Plotly.react(panel, before, layout, {
        displayModeBar: false,
        responsive: false,
        doubleClick: false,
        scrollZoom: false,
      });
      if (panel.turn !== turn) return; // something newer was drawn meanwhile
    }
    panel.previousSibling.hidden = !behind.length;
    if (behind.length) paint(panel.previousSibling, panel._fullLayout, behind);
  }

  show(position) {
    if (!this.length) return;
    this.position = Math.max(0, Math.min(position, this.length - 1));
    if (this.frames) this.panels.forEach((_, index) => this.pictures[index].length && this.plot(index));
    this.label();
  }

  label() {
    this.caption.textContent = this.captions[this.position] ?? "";
    if (this.length < 2) return;
    const name = this.labels[this.position] ?? String(this.position);
    this.range.value = this.position;
    this.range.setAttribute("aria-valuetext", name);
    this.root.querySelector("output").textContent = name;
    this.root.dataset.position = this.position;
  }

  play() {
    if (this.position >= this.length - 1) this.show(0);
    this.face("Pause", "M6 5h4v14H6zM14 5h4v14h-4z");
    this.timer = setInterval(
      () => {
        if (!this.root.isConnected || this.position >= this.length - 1) return this.pause();
        this.show(this.position + 1);
      },
      this.captions.length ? 1500 : Math.max(45, Math.min(400, 5000 / this.length)),
    ); // words take time to read
  }

  pause() {
    clearInterval(this.timer);
    this.timer = null;
    this.face("Play", "M7 4l14 8-14 8z");
  }

  face(name, path) {
    const button = this.root.querySelector("[data-act=play]");
    button.setAttribute("aria-label", name);
    button.querySelector("path").setAttribute("d", path);
  }

  // A click is reported where it happens; in a picture with a brush, with the place where the pointer went down.
  listen(panel, picture, index) {
    panel.style.cursor = picture.click ? "crosshair" : "";
    const place = event => {
      const { xaxis, yaxis } = panel._fullLayout,
        box = panel.getBoundingClientRect();
      const x = xaxis.p2d(event.clientX - box.left - xaxis._offset),
        y = yaxis.p2d(event.clientY - box.top - yaxis._offset);
      const inside = (axis, value) => value >= Math.min(...axis.range) && value <= Math.max(...axis.range);
      return inside(xaxis, x) && inside(yaxis, y) ? { x, y } : null;
    };
    const brush = picture.click && picture.layout.meta?.brush;
    let from = null;
    panel.onpointerdown = brush
      ? event => {
          const began = place(event);
          if (!began) return;
          const band = document.createElement("div"),
            box = panel.getBoundingClientRect(),
            top = event.clientY;
          band.className = "rl-brush";
          band.style.left = `${event.clientX - box.left - 8}px`;
          panel.append(band);
          const moved = ({ clientY }) => {
            band.style.top = `${Math.min(top, clientY) - box.top}px`;
            band.style.height = `${Math.abs(clientY - top)}px`;
          };
          const ended = () => {
            band.remove();
            removeEventListener("pointermove", moved, true); // of the window: Plotly covers the page while it is dragged
          };
          addEventListener("pointermove", moved, true);
          addEventListener("pointerup", ended, { once: true, capture: true });
          addEventListener("pointercancel", ended, { once: true, capture: true });
          from = began;
        }
      : null;
    panel.onclick = picture.click
      ? event => {
          const to = place(event);
          if (to) this.report({ panel: index, ...to, ...(brush && from ? { x0: from.x, y0: from.y } : {}) });
          from = null;
        }
      : null;
  }

  resize() {
    if (!this.Plotly) return;
    cancelAnimationFrame(this.pending);
    this.pending = requestAnimationFrame(() =>
      this.panels.forEach((panel, index) => {
        const width = panel.parentElement.clientWidth;
        if (panel.layout && width && Math.abs(panel.layout.width - width) > 1) this.plot(index);
      }),
    );
  }

  close() {
    this.pause();
    this.observer.disconnect();
    this.panels.forEach(panel => this.Plotly?.purge(panel));
  }
}

export default function ({ data, parentElement, setTriggerValue }) {
  const root = parentElement.querySelector(".rl-stage");
  if (!stages.has(root)) stages.set(root, new Stage(root));
  const stage = stages.get(root);
  root.querySelector(".rl-source").textContent = data.source;
  stage
    .draw(data, click => setTriggerValue("clicked", click))
    .catch(error => {
      root.querySelector(".rl-source").textContent = error.message;
    });
  return () => {
    stage.close();
    stages.delete(root);
  };
}
