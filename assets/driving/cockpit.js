// The cockpit: plays a drive that arrives frame by frame, lets it be paused and scrubbed, and takes keys and fingers.
// It knows no server: `send` is given small objects, `take` is handed messages. Everything driven stays in the browser.
function cockpit(root, send, options = {}) {
  const RATE = 50, MARK = "#c79a00", STRUCK = "#b8579b";
  root.classList.add("cockpit");
  root.innerHTML = `
    <div class="cp-top">
      <div class="cp-view"><canvas class="cp-road" width="400" height="320" tabindex="0" role="img"></canvas>
        <figure class="cp-seen" hidden><canvas width="96" height="96"></canvas><figcaption>what the driver gets</figcaption></figure>
        <p class="cp-word" role="status"></p></div>
      <div class="cp-side">
        <dl><div><dt>Score</dt><dd class="cp-score">–</dd></div><div><dt>Expert here</dt><dd class="cp-expert">–</dd></div>
          <div><dt>Speed</dt><dd class="cp-speed">–</dd></div><div><dt>Lap</dt><dd class="cp-lap">–</dd></div>
          <div class="cp-recorded" hidden><dt>Frames recorded</dt><dd class="cp-lessons">0</dd></div></dl>
        <div class="cp-inputs">
          <svg class="cp-wheel" viewBox="-50 -50 100 100" role="img" aria-label="Steering wheel"><g fill="none" stroke="currentColor" stroke-width="8"><circle r="42"/><path d="M-42 0H42M0 0V42"/></g></svg>
          <div class="cp-pedal"><i class="cp-gas"></i><span>gas</span></div><div class="cp-pedal"><i class="cp-brake"></i><span>brake</span></div>
          <canvas class="cp-map" width="200" height="200" role="img" aria-label="Map of the track with the path driven"></canvas></div>
        <canvas class="cp-race" width="400" height="110" role="img" aria-label="Score over time, driver and expert"></canvas>
      </div></div>
    <div class="cp-bar" role="group" aria-label="Recorded drive">
      <button type="button" data-act="play" aria-label="Pause">❚❚</button>
      <input type="range" min="0" max="0" value="0" step="1" aria-label="Moment of the drive"><output>0.0 s</output>
      <button type="button" data-act="push-left" hidden>⇠ Push</button><button type="button" data-act="push-right" hidden>Push ⇢</button>
      <button type="button" data-act="look" aria-pressed="true">Attention</button>
      <button type="button" data-act="again">Drive</button>
      <button type="button" data-act="film">Download video</button></div>
    <div class="cp-hands" hidden role="group" aria-label="Steering">
      <button type="button" data-hand="left">◀ left</button><button type="button" data-hand="right">right ▶</button>
      <button type="button" data-hand="gas">▲ gas</button><button type="button" data-hand="brake">▼ brake</button>
      <button type="button" data-act="take" aria-pressed="false">Take the wheel</button></div>`;
  const find = name => root.querySelector(name), act = name => find(`[data-act=${name}]`);
  const road = find(".cp-road"), paint = road.getContext("2d"), range = find("input"), word = find(".cp-word");
  const mist = Object.assign(document.createElement("canvas"), { width: 24, height: 24 });
  let moments = [], track = [], expert = [], pushes = [], position = 0, playing = true, looking = true, over = false, told = 0;
  let drawn = -1, last = 0, filming = false, closed = false, text = "", bitmaps = new Map(), taken = false, request = 0, number = 0, video = null, dry = true;
  const held = { left: false, right: false, gas: false, brake: false };

  const say = words => { text = words; word.textContent = words; word.hidden = !words; };
  const steers = () => options.mode === "teach" && (taken || options.order?.driver === "you");

  function reset() {
    video = null; ending = ""; moments = []; expert = []; pushes = []; position = 0; over = false; told = 0; drawn = -1; bitmaps.forEach(one => one.close?.());
    bitmaps.clear(); range.max = 0; playing = true; face();
  }

  function start() {
    reset();
    say("Starting the simulator…");
    taken = false; mark();
    send({ start: { ...options.order, number: ++number } });
  }

  function take(message) {
    if (message instanceof ArrayBuffer) return filming ? save(message) : frame(message);
    if (message.drive !== undefined && message.drive !== number && !options.follows) return; // of an earlier drive
    if (message.error) { say(message.error); over = true; busy(false); }
    if ("waiting" in message) say(message.waiting || (moments.length ? "" : "Starting the simulator…"));
    if (message.begin) { track = message.begin.track; say(""); }
    if (message.expert) expert = message.expert;
    if (message.film) filming = true;
    if (message.video) { video = Uint8Array.from(atob(message.video), one => one.charCodeAt(0)).buffer; busy(false); }
    if (message.end) { over = true; ending = message.end; told = Infinity; }
  }
  let ending = "";

  function follow(name) { reset(); number = name; say(""); busy(true); } // a drive that was started elsewhere

  function read(message) { // binary messages may come as base64
    take(typeof message === "string" ? Uint8Array.from(atob(message), one => one.charCodeAt(0)).buffer : message);
  }

  function frame(buffer) {
    const size = new DataView(buffer).getUint32(0, true), bytes = new Uint8Array(buffer);
    const moment = JSON.parse(new TextDecoder().decode(bytes.subarray(4, 4 + size)));
    if (moment.drive !== number && !options.follows) return;
    let at = 4 + size;
    [moment.picture, moment.attention, moment.shown] = moment.parts.map(length => bytes.slice(at, at += length));
    if (moment.struck) pushes.push(moments.length);
    moments.push(moment);
    range.max = moments.length - 1;
    root.dataset.frames = moments.length;
    ready(moments.length - 1);
  }

  function ready(index) { // pictures near the present are kept decoded
    if (bitmaps.has(index) || !moments[index]) return;
    bitmaps.set(index, null);
    createImageBitmap(new Blob([moments[index].picture], { type: "image/jpeg" })).then(bitmap => {
      bitmaps.set(index, bitmap);
      if (index === Math.floor(position)) drawn = -1;
      for (const one of bitmaps.keys()) if (bitmaps.size > 90 && Math.abs(one - position) > 40) { bitmaps.get(one)?.close(); bitmaps.delete(one); }
    }).catch(() => bitmaps.delete(index));
  }

  function tick(now) {
    if (closed) return;
    if (!root.isConnected && drawn >= 0) return close();
    const step = Math.min((now - last) / 1000, 0.2) * RATE;
    last = now;
    const left = moments.length - 1 - position; // a dry buffer fills a little before it plays on
    if (left < 0.5 && !over) dry = true; else if (left >= (steers() ? 1 : 8) || over) dry = false;
    if (playing && moments.length && !dry) {
      position = Math.min(position + step, moments.length - 1);
      if (over && position >= moments.length - 1) { playing = false; face(); say(ending); ending = ""; }
    }
    const index = Math.floor(position);
    if (moments.length && index !== drawn) draw(index);
    if (index - told >= (steers() ? 1 : 5)) { told = index; send({ shown: index }); }
    request = requestAnimationFrame(tick);
  }

  function draw(index) {
    const moment = moments[index], nearest = [0, 1, 2, 3].find(back => bitmaps.get(index - back)), bitmap = bitmaps.get(index - nearest);
    ready(index);
    if (bitmap) { paint.drawImage(bitmap, 0, 0, 400, 320); drawn = nearest ? -1 : index; }
    if (bitmap && looking && moment.attention.length) overlay(moment.attention);
    seen(moment);
    const [steer, gas, brake] = moment.action, here = expert[Math.min(index, expert.length - 1)];
    find(".cp-wheel").style.transform = `rotate(${steer * 220}deg)`;
    find(".cp-gas").style.height = `${gas * 100}%`; find(".cp-brake").style.height = `${brake * 100}%`;
    find(".cp-speed").textContent = moment.speed.toFixed(0);
    find(".cp-score").textContent = moment.score.toFixed(0);
    find(".cp-expert").textContent = here === undefined ? "…" : here.toFixed(0);
    find(".cp-lap").textContent = `${(moment.tiles * 100).toFixed(0)} %`;
    if (moment.lessons !== undefined) find(".cp-lessons").textContent = moments.at(-1).lessons;
    range.value = index;
    const words = `${(index / RATE).toFixed(1)} s`;
    find("output").textContent = words; range.setAttribute("aria-valuetext", words);
    root.dataset.position = index;
    if (index % 10 === 0 || !playing) road.setAttribute("aria-label", described(moment));
    root.classList.toggle("cp-off", moment.off >= 2); root.classList.toggle("cp-struck", pushes.some(at => at <= index && at > index - 13));
    root.dataset.pushes = pushes.filter(at => at <= index).length;
    map(index); if (index % 5 === 0 || !playing) race(index);
  }

  function described(moment) {
    const way = moment.action[0] > 0.03 ? "right" : moment.action[0] < -0.03 ? "left" : "straight ahead";
    return `The car at ${(moment.step / RATE).toFixed(1)} seconds: steering ${way}, speed ${moment.speed.toFixed(0)}, score ${moment.score.toFixed(0)}, ${moment.off >= 2 ? "off the track" : "on the track"}.`;
  }

  function overlay(values) {
    const tint = mist.getContext("2d"), image = tint.createImageData(24, 24);
    values.forEach((value, index) => image.data.set([255, 230, 0, Math.min(value * 0.8, 210)], index * 4));
    tint.putImageData(image, 0, 0);
    paint.imageSmoothingEnabled = true;
    paint.drawImage(mist, 0, 0, 400, 320);
  }

  function seen(moment) { // only where the driver gets something else than the simulator's picture
    const inset = find(".cp-seen");
    inset.hidden = !moment.shown.length;
    if (moment.shown.length) createImageBitmap(new Blob([moment.shown], { type: "image/jpeg" })).then(bitmap => inset.firstChild.getContext("2d").drawImage(bitmap, 0, 0)).catch(() => 0);
  }

  function map(index) {
    const canvas = find(".cp-map"), ink = canvas.getContext("2d"), color = getComputedStyle(root).color;
    if (!track.length) return;
    const xs = track.map(spot => spot[0]), ys = track.map(spot => spot[1]), low = [Math.min(...xs), Math.min(...ys)];
    const scale = 180 / Math.max(Math.max(...xs) - low[0], Math.max(...ys) - low[1]);
    const to = spot => [10 + (spot[0] - low[0]) * scale, 190 - (spot[1] - low[1]) * scale];
    ink.clearRect(0, 0, 200, 200);
    ink.globalAlpha = 0.3; ink.lineWidth = 7; ink.strokeStyle = color; ink.beginPath();
    [...track, track[0]].forEach((spot, at) => ink[at ? "lineTo" : "moveTo"](...to(spot))); ink.stroke();
    ink.globalAlpha = 1; ink.lineWidth = 3;
    for (const off of [false, true]) { // what was driven: blue on the track, orange off it
      ink.strokeStyle = off ? "#df7126" : "#2f6fb7"; ink.beginPath();
      for (let at = 2; at <= index; at += 2) if ((moments[at].off >= 2) === off) { ink.moveTo(...to(moments[at - 2].place)); ink.lineTo(...to(moments[at].place)); }
      ink.stroke();
    }
    ink.strokeStyle = STRUCK; // a ring stays where it was pushed
    for (const at of pushes) if (at <= index) { ink.beginPath(); ink.arc(...to(moments[at].place), 8, 0, 7); ink.stroke(); }
    ink.fillStyle = MARK; ink.beginPath(); ink.arc(...to(moments[index].place), 6, 0, 7); ink.fill();
  }

  function race(index) {
    const canvas = find(".cp-race"), ink = canvas.getContext("2d"), most = Math.max(expert.length, moments.length, 100);
    ink.clearRect(0, 0, 400, 110);
    const curve = (values, color, dash) => {
      ink.strokeStyle = color; ink.lineWidth = 3; ink.setLineDash(dash); ink.beginPath();
      values.forEach((value, at) => ink[at ? "lineTo" : "moveTo"](4 + 392 * at / most, 104 - Math.max(value, -100) / 1000 * 100)); ink.stroke();
    };
    curve(expert, "#df7126", [8, 6]); curve(moments.slice(0, index + 1).map(one => one.score), "#2f6fb7", []);
    ink.setLineDash([]); ink.font = "16px sans-serif"; ink.fillStyle = getComputedStyle(root).color;
    ink.fillText("score: — driver   - - expert", 8, 16);
  }

  function face() { const button = act("play"); button.textContent = playing ? "❚❚" : "▶"; button.setAttribute("aria-label", playing ? "Pause" : "Play"); }
  function mark() {
    const button = act("take");
    button.setAttribute("aria-pressed", taken); button.textContent = taken ? "Give it back" : "Take the wheel";
    button.hidden = options.order?.driver === "you";
  }
  function busy(on) { act("film").disabled = on; act("film").textContent = !on ? "Download video" : options.follows ? "Video: at the end" : "Making the video…"; }
  function save(buffer) {
    filming = false; busy(false);
    const link = Object.assign(document.createElement("a"), { href: URL.createObjectURL(new Blob([buffer], { type: "video/webm" })), download: `drive-${options.order?.seed ?? 0}.webm` });
    link.click(); setTimeout(() => URL.revokeObjectURL(link.href), 5000);
  }
  function hands() { send({ hands: [held.right - held.left, +held.gas, +held.brake] }); }
  function hold(name, on) {
    if (held[name] === on) return;
    held[name] = on; find(`[data-hand=${name}]`).classList.toggle("cp-held", on);
    if (options.order?.driver !== "you" && on && !taken) { taken = true; mark(); send({ take: true }); }
    hands();
  }

  act("play").onclick = () => {
    if (!playing && over && position >= moments.length - 1) position = 0;
    playing = !playing; face(); drawn = -1; if (playing) road.focus({ preventScroll: true });
  };
  range.oninput = () => { playing = false; face(); position = Number(range.value); drawn = -1; };
  act("look").onclick = event => { looking = !looking; event.currentTarget.setAttribute("aria-pressed", looking); drawn = -1; };
  act("again").onclick = () => { start(); road.focus({ preventScroll: true }); };
  act("film").onclick = () => { if (video) save(video); else if (moments.length) { busy(true); send({ film: true }); } };
  const shove = way => over || !moments.length ? say("Nothing drives: press “Drive”, then push.") : send({ push: way * (options.push || 12) });
  act("push-left").onclick = () => shove(-1);
  act("push-right").onclick = () => shove(1);
  act("take").onclick = () => { taken = !taken; mark(); send({ take: taken }); road.focus({ preventScroll: true }); };
  const KEYS = { arrowleft: "left", arrowright: "right", arrowup: "gas", arrowdown: "brake", a: "left", d: "right", w: "gas", s: "brake" };
  road.onkeydown = event => {
    const name = KEYS[event.key.toLowerCase()];
    if (event.key === " ") { event.preventDefault(); act("play").onclick(); }
    if (event.ctrlKey || event.metaKey || event.altKey || !name || options.mode !== "teach") return;
    event.preventDefault(); hold(name, true);
  };
  road.onkeyup = event => { const name = KEYS[event.key.toLowerCase()]; if (name && options.mode === "teach") hold(name, false); };
  road.onblur = () => Object.keys(held).forEach(name => hold(name, false));
  root.querySelectorAll("[data-hand]").forEach(button => {
    const name = button.dataset.hand;
    button.onpointerdown = event => { event.preventDefault(); button.setPointerCapture(event.pointerId); hold(name, true); };
    button.onpointerup = button.onpointercancel = button.onlostpointercapture = () => hold(name, false);
    button.onkeydown = event => { if (event.key === " " || event.key === "Enter") { event.preventDefault(); hold(name, true); } };
    button.onkeyup = event => { if (event.key === " " || event.key === "Enter") { event.preventDefault(); hold(name, false); } };
  });

  function set(changes) {
    const before = JSON.stringify(options.order);
    Object.assign(options, changes);
    for (const side of ["left", "right"]) act(`push-${side}`).hidden = options.mode !== "disturb";
    act("film").hidden = options.film === false; act("again").hidden = options.again === false;
    find(".cp-recorded").hidden = options.mode !== "teach"; find(".cp-hands").hidden = options.mode !== "teach"; act("look").hidden = options.order?.driver === "you" || options.order?.driver === "expert";
    mark();
    return before !== JSON.stringify(options.order);
  }
  function close() { closed = true; cancelAnimationFrame(request); bitmaps.forEach(one => one?.close()); }

  set({});
  request = requestAnimationFrame(now => { last = now; tick(now); });
  return { take: read, set, start, say, close, follow };
}
