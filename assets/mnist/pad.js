// A drawing pad: mouse, pen, touch and keys; undo and clear; tells its picture while a stroke grows.
// drawingPad(root, tell) fills `root`; tell(picture) gets a PNG as a data URL, or "" for a bare canvas.
// Keys, with the canvas focused: arrows move (with Shift faster), space lowers or lifts the pen, U undoes, C clears.
function drawingPad(root, tell, options = {}) {
  const side = options.side ?? 400;
  const pause = options.pause ?? 120; // milliseconds between two pictures
  root.innerHTML = `
    <canvas width="${side}" height="${side}" tabindex="0" role="application"
      aria-label="Drawing pad. Arrow keys move, space lowers and lifts the pen, U undoes, C clears."></canvas>
    <div class="pad-tools">
      <button type="button" data-do="undo">Undo</button>
      <button type="button" data-do="clear">Clear</button>
      <label>Pen <input type="range" min="1" max="40" value="18" aria-label="Pen width in pixels"></label>
      <label>Ink <input type="color" value="#1b1b1b" aria-label="Ink colour"></label>
    </div>
    <div class="pad-state" aria-live="polite"></div>`;
  const canvas = root.querySelector("canvas");
  const context = canvas.getContext("2d");
  const [width, colour] = root.querySelectorAll("input");
  const strokes = [];
  const cursor = { x: side / 2, y: side / 2, shown: false };
  let active = null; // the pointer that draws
  let down = false; // whether the keyboard's pen is on the paper
  let waiting = null;

  function line(brush, stroke) {
    if (stroke.image) return brush.drawImage(stroke.image, 0, 0, side, side);
    brush.strokeStyle = brush.fillStyle = stroke.colour;
    brush.lineWidth = stroke.width;
    brush.lineCap = brush.lineJoin = "round";
    brush.beginPath();
    const [first, ...rest] = stroke.points;
    brush.moveTo(first.x, first.y);
    for (const point of rest) brush.lineTo(point.x, point.y);
    if (rest.length) brush.stroke();
    else {
      brush.arc(first.x, first.y, stroke.width / 2, 0, 2 * Math.PI);
      brush.fill();
    }
  }

  function paint() {
    context.clearRect(0, 0, side, side);
    for (const stroke of strokes) line(context, stroke);
    if (!cursor.shown) return;
    context.strokeStyle = "#d81b60";
    context.lineWidth = 2;
    context.beginPath();
    context.arc(cursor.x, cursor.y, down ? 5 : 9, 0, 2 * Math.PI);
    context.stroke();
  }

  function picture() {
    if (!strokes.length) return "";
    const paper = document.createElement("canvas");
    paper.width = paper.height = side;
    const brush = paper.getContext("2d");
    for (const stroke of strokes) line(brush, stroke);
    return paper.toDataURL("image/png");
  }

  function changed() {
    paint();
    waiting ??= setTimeout(() => {
      waiting = null;
      tell(picture());
    }, pause);
  }

  function begin(point) {
    if (strokes[0]?.gives) strokes.length = 0;
    strokes.push({ points: [point], width: Number(width.value), colour: colour.value });
    changed();
  }

  function extend(point) {
    strokes.at(-1).points.push(point);
    changed();
  }

  function place(event) {
    const box = canvas.getBoundingClientRect();
    return { x: ((event.clientX - box.left) * side) / box.width, y: ((event.clientY - box.top) * side) / box.height };
  }

  const acts = {
    undo: () => strokes.pop(),
    clear: () => (strokes.length = 0),
  };

  function act(name) {
    down = false;
    acts[name]();
    changed();
  }

  canvas.addEventListener("pointerdown", event => {
    if (active !== null || event.button > 0) return;
    active = event.pointerId;
    canvas.setPointerCapture(active);
    cursor.shown = down = false;
    begin(place(event));
  });
  canvas.addEventListener("pointermove", event => {
    if (event.pointerId !== active) return;
    const between = event.getCoalescedEvents?.() ?? []; // empty in some browsers: then the event itself is the point
    for (const each of between.length ? between : [event]) extend(place(each));
  });
  for (const end of ["pointerup", "pointercancel", "lostpointercapture"])
    canvas.addEventListener(end, event => {
      if (event.pointerId === active) active = null;
    });
  canvas.addEventListener("keydown", event => {
    const step = event.shiftKey ? 32 : 8;
    const moves = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
    const key = event.key.toLowerCase();
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (moves[event.key]) {
      const [x, y] = moves[event.key];
      cursor.x = Math.min(side, Math.max(0, cursor.x + x * step));
      cursor.y = Math.min(side, Math.max(0, cursor.y + y * step));
      cursor.shown = true;
      if (down) extend({ x: cursor.x, y: cursor.y });
      else paint();
    } else if (key === " ") {
      cursor.shown = true;
      down = !down;
      if (down) begin({ x: cursor.x, y: cursor.y });
      else paint();
      root.querySelector(".pad-state").textContent = down ? "Pen down" : "Pen up";
    } else if (key === "u") act("undo");
    else if (key === "c") act("clear");
    else return;
    event.preventDefault();
  });
  canvas.addEventListener("blur", () => {
    cursor.shown = down = false;
    paint();
  });
  for (const button of root.querySelectorAll("button")) button.addEventListener("click", () => act(button.dataset.do));

  // Puts a picture (a data URL) on the pad, as if it had been drawn in one stroke; one that gives way is gone once
  // somebody draws.
  async function show(address, gives = false) {
    const image = new Image();
    image.src = address;
    await image.decode();
    strokes.length = 0;
    strokes.push({ image, gives });
    changed();
  }

  return { picture, show };
}
