// The scoreboard below a detector: precision and recall, detection by detection, as a staircase and in words.
class Scoreboard {
  constructor(root) {
    this.root = root.querySelector(".rl-d-score");
    this.ranked = this.root.querySelector("[name=ranked]");
    this.step = this.root.querySelector("[name=step]");
    this.ranked.onchange = this.step.oninput = () => this.draw();
    this.count = -1;
  }

  // Detections (places in `raw`) against true boxes; nothing is shown while there are none of those.
  show(raw, kept, truth, names) {
    this.root.hidden = !truth.length;
    if (!truth.length) return;
    Object.assign(this, { raw, kept, truth, names });
    const classes = [...new Set(truth.map(one => one.class))];
    const text = classes.join();
    if (text !== this.text) {
      const before = this.ranked.value;
      this.ranked.replaceChildren(...classes.map(one => new Option(names[one], one)));
      if (classes.map(String).includes(before)) this.ranked.value = before;
      this.text = text;
    }
    this.draw();
  }

  draw() {
    const chosen = Number(this.ranked.value);
    const real = this.truth.filter(one => one.class === chosen);
    const own = this.kept.filter(at => this.raw.classes[at] === chosen);
    const steps = matching(this.raw, own, real);
    if (this.count !== steps.length) {
      this.step.max = this.step.value = this.count = steps.length;
      this.step.disabled = !steps.length;
    }
    const now = Number(this.step.value);
    this.root.querySelector(".rl-d-step output").textContent = `${now}/${steps.length}`;
    this.words(steps, now, real, this.names[chosen]);
    this.curve(steps, now, this.names[chosen]);
  }

  words(steps, now, real, name) {
    const average = averagePrecision(steps);
    const lines = [];
    if (now) {
      const one = steps[now - 1];
      const hits = steps.slice(0, now).filter(each => each.truth >= 0).length;
      const score = this.raw.scores[one.at].toFixed(2);
      lines.push(
        one.truth >= 0
          ? `Detection ${now}, ${name} ${score}: hit. IoU ${one.iou.toFixed(2)} with a true box that was free.`
          : `Detection ${now}, ${name} ${score}: miss. Its best free true box has IoU ${one.iou.toFixed(2)}, below 0.5.`,
        `Precision ${hits}/${now} = ${one.precision.toFixed(2)}, recall ${hits}/${real.length} = ${one.recall.toFixed(2)}.`,
      );
    } else lines.push(steps.length ? "No detection looked at yet." : `No ${name} is detected: AP is 0.`);
    lines.push(`AP of ${name}, the area under the staircase: ${average.toFixed(3)}.`);
    const mean = meanAveragePrecision(this.raw, this.kept, this.truth);
    lines.push(
      `Mean over ${this.ranked.length} ${this.ranked.length === 1 ? "class" : "classes"} with true boxes: ${mean.toFixed(3)}.`,
    );
    this.root.querySelector(".rl-d-words").textContent = lines.join("\n");
    this.root.dataset.average = average;
    this.root.dataset.mean = mean;
  }

  curve(steps, now, name) {
    const svg = this.root.querySelector("svg");
    const x = recall => 34 + 254 * recall;
    const y = precision => 200 - 185 * precision;
    const parts = [0, 0.5, 1].flatMap(at => [
      `<line x1="${x(0)}" x2="${x(1)}" y1="${y(at)}" y2="${y(at)}" stroke="currentColor" stroke-opacity=".2"/>`,
      `<text x="${x(0) - 6}" y="${y(at) + 4}" text-anchor="end">${at}</text>`,
      `<text x="${x(at)}" y="214" text-anchor="middle">${at}</text>`,
    ]);
    if (steps.length && now === steps.length) {
      const { recall, precision } = envelope(steps);
      const line = recall.map((at, place) => `${x(at)},${y(precision[place])}`).join(" ");
      parts.push(`<polygon points="${x(0)},${y(0)} ${line} ${x(1)},${y(0)}" fill="#2f6fb7" fill-opacity=".22"/>`);
    }
    const line = steps.slice(0, now).map(one => `${x(one.recall)},${y(one.precision)}`);
    parts.push(`<polyline points="${line.join(" ")}" fill="none" stroke="#2f6fb7" stroke-width="2"/>`);
    steps.slice(0, now).forEach((one, place) => {
      const hit = one.truth >= 0;
      const size = place === now - 1 ? 6 : 4;
      const at = [x(one.recall), y(one.precision)];
      parts.push(
        hit
          ? `<circle cx="${at[0]}" cy="${at[1]}" r="${size}" fill="#2f6fb7"/>`
          : `<path d="M${at[0] - size} ${at[1] - size}l${2 * size} ${2 * size}m0 ${-2 * size}l${-2 * size} ${2 * size}" stroke="#df7126" stroke-width="2.5"/>`,
      );
    });
    parts.push(`<text x="${x(0.5)}" y="228" text-anchor="middle">Recall</text>`);
    parts.push(`<text x="10" y="${y(0.5)}" text-anchor="middle" transform="rotate(-90 10 ${y(0.5)})">Precision</text>`);
    svg.innerHTML = parts.join("");
    const hits = steps.slice(0, now).filter(one => one.truth >= 0).length;
    svg.setAttribute(
      "aria-label",
      `Precision over recall of ${name} after ${now} of ${steps.length} detections: ${hits} hits (dots), ${now - hits} misses (crosses).`,
    );
  }
}
