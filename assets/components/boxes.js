// The arithmetic of boxes, equal to core/projects/detection: overlap, suppression, matching, average precision.
// A box is [left, top, right, bottom] in pixels; many boxes lie one behind the other in one flat array.
const MOST_KEPT = 300;

const areaOf = (boxes, at) =>
  Math.max(boxes[4 * at + 2] - boxes[4 * at], 0) * Math.max(boxes[4 * at + 3] - boxes[4 * at + 1], 0);

// Intersection over union of box i of one array and box j of another; 0 where neither has an area.
function overlap(one, i, other, j) {
  const wide = Math.min(one[4 * i + 2], other[4 * j + 2]) - Math.max(one[4 * i], other[4 * j]);
  const high = Math.min(one[4 * i + 3], other[4 * j + 3]) - Math.max(one[4 * i + 1], other[4 * j + 1]);
  if (wide <= 0 || high <= 0) return 0;
  return (wide * high) / (areaOf(one, i) + areaOf(other, j) - wide * high);
}

// Greedy suppression. `raw` holds boxes, scores and classes, the highest score first. Those above `confidence` and of a
// class in `shown` (a Set, or null for all) are looked at in turn: one that overlaps a kept box of its class (of any
// class if `across`) by more than `iou` is suppressed by the first such box. Returns the places of the kept ones, and
// for each box who suppressed it: -1 for nobody, -2 for a box that was not looked at.
function suppression(raw, { confidence, iou, across = false, shown = null }) {
  const kept = [];
  const by = new Int32Array(raw.scores.length).fill(-2);
  for (let at = 0; at < raw.scores.length && raw.scores[at] > confidence; at++) {
    if (shown && !shown.has(raw.classes[at])) continue;
    const stronger = kept.find(
      one => (across || raw.classes[one] === raw.classes[at]) && overlap(raw.boxes, one, raw.boxes, at) > iou,
    );
    by[at] = stronger ?? -1;
    if (stronger === undefined) kept.push(at);
  }
  return { kept: kept.slice(0, MOST_KEPT), by };
}

// Detections (places in `raw`, the highest score first) against true boxes: each takes the free true box of its class
// that it overlaps most, if by at least `least`. One step per detection: which true box it took (-1: none, a false
// positive), how far they overlap, precision and recall so far.
function matching(raw, kept, truth, least = 0.5) {
  const taken = new Set();
  const boxes = truth.flatMap(one => one.box);
  return kept.map((at, place) => {
    let best = -1;
    let most = 0;
    truth.forEach((one, index) => {
      if (one.class !== raw.classes[at] || taken.has(index)) return;
      const iou = overlap(raw.boxes, at, boxes, index);
      if (iou > most) [best, most] = [index, iou];
    });
    const hit = best >= 0 && most >= least;
    if (hit) taken.add(best);
    return {
      at,
      truth: hit ? best : -1,
      iou: most,
      precision: taken.size / (place + 1),
      recall: truth.length ? taken.size / truth.length : 0,
    };
  });
}

// Precision as a falling staircase of recall: at each recall the best precision that is reached there or later.
function envelope(steps) {
  const recall = [0, ...steps.map(one => one.recall), steps.length ? steps.at(-1).recall : 1, 1];
  const precision = [1, ...steps.map(one => one.precision), 0, 0];
  for (let at = precision.length - 2; at >= 0; at--) precision[at] = Math.max(precision[at], precision[at + 1]);
  return { recall, precision };
}

// Average precision: the area under the staircase, by the trapezium rule over 101 recalls (COCO, as Ultralytics does).
function averagePrecision(steps) {
  if (!steps.length) return 0;
  const { recall, precision } = envelope(steps);
  let area = 0;
  let before = null;
  for (let count = 0, next = 0; count <= 100; count++) {
    const x = count / 100;
    while (next < recall.length && recall[next] <= x) next++;
    const at = next - 1;
    const [low, high] = [recall[at], recall[next] ?? 1];
    const share = next < recall.length && high > low ? (x - low) / (high - low) : 0;
    const y = next < recall.length ? precision[at] + share * (precision[next] - precision[at]) : precision[at];
    if (before !== null) area += (before + y) / 200;
    before = y;
  }
  return area;
}

// The mean over the classes that occur among the true boxes; each class is matched and ranked by itself.
function meanAveragePrecision(raw, kept, truth, least = 0.5) {
  const classes = [...new Set(truth.map(one => one.class))];
  const each = classes.map(name => {
    const own = kept.filter(at => raw.classes[at] === name);
    const real = truth.filter(one => one.class === name);
    return averagePrecision(matching(raw, own, real, least));
  });
  return each.length ? each.reduce((sum, one) => sum + one, 0) / each.length : 0;
}
