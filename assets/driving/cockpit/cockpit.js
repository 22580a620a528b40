// The cockpit: plays a drive that arrives frame by frame, lets it be paused and scrubbed, and takes keys and fingers.
// It knows no server: `send` is given small objects, `take` is handed messages. Everything driven stays in the browser.
class Cockpit {
  constructor(root, send, options) {
    Object.assign(this, { root, send, options, number: 0, expert: [], looking: true, taken: false, closed: false });
    root.classList.add("cockpit");
    root.innerHTML = PANEL;
    this.find = name => root.querySelector(name);
    this.act = name => this.find(`[data-act=${name}]`);
    this.reel = new Reel(index => index === Math.floor(this.position) && this.redraw());
    this.windscreen = new Windscreen(root);
    this.instruments = new Instruments(root);
    this.map = new TrackMap(root);
    this.race = new Race(root);
    this.announcer = new Announcer(root);
    this.film = new Film(this.act("film"));
    this.hands = new Hands(root, (wanted, on) => this.steer(wanted, on));
    this.range = this.find("input");
    this.reset();
    this.listen();
    this.set({});
    this.request = requestAnimationFrame(now => {
      this.last = now;
      this.tick(now);
    });
  }

  // A person steers: what they do must be seen at once.
  get steers() {
    return this.options.mode === "teach" && (this.taken || this.options.order?.driver === "you");
  }

  reset() {
    this.reel.clear();
    this.film.clear();
    Object.assign(this, { expert: [], position: 0, over: false, told: 0, drawn: -1, ending: "", dry: true });
    this.range.max = 0;
    this.play(true);
  }

  redraw() {
    this.drawn = -1;
  }

  play(on) {
    this.playing = on;
    this.act("play").textContent = on ? "❚❚" : "▶";
    this.act("play").setAttribute("aria-label", on ? "Pause" : "Play");
    this.redraw();
  }

  start() {
    this.reset();
    this.announcer.wait("");
    this.wheel(false);
    this.number += 1;
    this.send({ start: { ...this.options.order, number: this.number } });
  }

  // A drive that was started elsewhere.
  follow(name) {
    this.reset();
    this.number = name;
    this.announcer.over("");
    this.film.say("Video: at the end");
  }

  // A message; binary ones may come as base64.
  take(message) {
    if (typeof message === "string") this.take(bytesOf(message).buffer);
    else if (!(message instanceof ArrayBuffer)) this.hear(message);
    else if (this.film.coming) this.film.save(message, this.options.order?.seed ?? 0);
    else this.add(Reel.read(message));
  }

  isEarlier(drive) {
    return drive !== this.number && !this.options.follows;
  }

  add(moment) {
    if (this.isEarlier(moment.drive)) return;
    this.reel.add(moment);
    this.range.max = this.reel.length - 1;
    this.root.dataset.frames = this.reel.length;
  }

  hear(message) {
    if (message.drive !== undefined && this.isEarlier(message.drive)) return;
    if (message.error) this.fail(message.error);
    if (message.meanwhile) this.announcer.take(message);
    if (message.waiting || (message.waiting === "" && !this.reel.length)) this.announcer.wait(message.waiting);
    if (message.begin) this.begin(message.begin);
    if (message.expert) this.expert = message.expert;
    if ("filming" in message) this.film.share(message.filming);
    if (message.film) this.film.coming = true;
    if (message.video) this.film.take(message.video);
    if (message.end) Object.assign(this, { over: true, ending: message.end, told: Number.POSITIVE_INFINITY });
  }

  fail(sentence) {
    this.announcer.over(sentence);
    this.over = true;
    this.film.ready();
  }

  begin({ track }) {
    this.map.track = track;
    this.announcer.over("");
  }

  tick(now) {
    if (this.closed) return;
    if (!this.root.isConnected && this.drawn >= 0) return this.close();
    this.advance(Math.min((now - this.last) / 1000, 0.2) * RATE);
    this.last = now;
    const index = Math.floor(this.position);
    if (this.reel.length && index !== this.drawn) this.draw(index);
    if (index - this.told >= (this.steers ? 1 : 5)) {
      this.told = index;
      this.send({ shown: index });
    }
    this.request = requestAnimationFrame(later => this.tick(later));
  }

  advance(frames) {
    const end = this.reel.length - 1;
    const left = end - this.position; // a dry buffer fills a little before it plays on
    if (left < 0.5 && !this.over) this.dry = true;
    else if (left >= (this.steers ? 1 : 8) || this.over) this.dry = false;
    if (!this.playing || end < 0 || this.dry) return;
    this.position = Math.min(this.position + frames, end);
    if (!this.over || this.position < end) return;
    this.play(false);
    this.announcer.say(this.ending);
    this.ending = "";
  }

  draw(index) {
    const { moments, pushes } = this.reel;
    const moment = moments[index];
    const [near, bitmap] = this.reel.picture(index);
    const still = index % 10 === 0 || !this.playing;
    this.reel.present = index;
    this.reel.decode(index);
    if (bitmap) this.drawn = near === index ? index : -1;
    this.windscreen.show(bitmap, moment, this.looking);
    if (still) this.windscreen.describe(moment);
    const lessons = moment.lessons === undefined ? undefined : moments.at(-1).lessons;
    this.instruments.show(moment, this.expert[Math.min(index, this.expert.length - 1)], lessons);
    this.mark(index, moment, pushes);
    this.map.draw(moments, pushes, index);
    if (still || index % 5 === 0) this.race.draw(moments, this.expert, index);
  }

  // The bar's time, and what style and tests read off the cockpit.
  mark(index, moment, pushes) {
    const { root, range } = this;
    const time = `${(index / RATE).toFixed(1)} s`;
    range.value = index;
    range.setAttribute("aria-valuetext", time);
    this.find("output").textContent = time;
    root.dataset.position = index;
    root.dataset.pushes = pushes.filter(at => at <= index).length;
    root.classList.toggle("cp-off", moment.off >= 2);
    const struck = pushes.some(at => at <= index && at > index - 13);
    root.classList.toggle("cp-struck", struck);
  }

  // Whether the person has the wheel.
  wheel(taken) {
    const button = this.act("take");
    this.taken = taken;
    button.setAttribute("aria-pressed", taken);
    button.textContent = taken ? "Give it back" : "Take the wheel";
    button.hidden = this.options.order?.driver === "you";
  }

  steer(wanted, on) {
    if (on && !this.taken && this.options.order?.driver !== "you") {
      this.wheel(true);
      this.send({ take: true });
    }
    this.send({ hands: wanted });
  }

  push(way) {
    if (this.over || !this.reel.length) this.announcer.say("Nothing drives: press “Drive”, then push.");
    else this.send({ push: way * (this.options.push || 12) });
  }

  focus() {
    this.windscreen.road.focus({ preventScroll: true });
  }

  listen() {
    const { range } = this;
    const acts = {
      play: () => this.toggle(),
      look: () => this.look(),
      again: () => this.start() ?? this.focus(),
      film: () => this.ask(),
      take: () => this.change(),
      "push-left": () => this.push(-1),
      "push-right": () => this.push(1),
    };
    for (const [name, act] of Object.entries(acts)) this.act(name).onclick = act;
    range.oninput = () => {
      this.play(false);
      this.position = Number(range.value);
    };
    this.listenToKeys(this.windscreen.road);
  }

  listenToKeys(road) {
    const teaches = () => this.options.mode === "teach";
    road.onkeydown = event => {
      if (event.key === " ") this.toggle();
      if (event.key === " " || (teaches() && this.hands.key(event, true))) event.preventDefault();
    };
    road.onkeyup = event => teaches() && this.hands.key(event, false);
    road.onblur = () => this.hands.release();
  }

  toggle() {
    if (!this.playing && this.over && this.position >= this.reel.length - 1) this.position = 0;
    this.play(!this.playing);
    if (this.playing) this.focus();
  }

  look() {
    this.looking = !this.looking;
    this.act("look").setAttribute("aria-pressed", this.looking);
    this.redraw();
  }

  ask() {
    if (this.film.video) return this.film.save(this.film.video, this.options.order?.seed ?? 0);
    if (!this.reel.length) return;
    this.film.share(0);
    this.send({ film: true });
  }

  change() {
    this.wheel(!this.taken);
    this.send({ take: this.taken });
    this.focus();
  }

  // Take over new options; whether they order another drive.
  set(changes) {
    const { options } = this;
    const before = JSON.stringify(options.order);
    Object.assign(options, changes);
    const teaches = options.mode === "teach";
    for (const side of ["left", "right"]) this.act(`push-${side}`).hidden = options.mode !== "disturb";
    this.act("film").hidden = options.film === false;
    this.act("again").hidden = options.again === false;
    this.act("look").hidden = ["you", "expert"].includes(options.order?.driver);
    this.find(".cp-recorded").hidden = this.find(".cp-hands").hidden = !teaches;
    this.wheel(this.taken);
    return before !== JSON.stringify(options.order);
  }

  close() {
    this.closed = true;
    cancelAnimationFrame(this.request);
    this.reel.clear();
    this.announcer.close();
  }
}

// The cockpit in an element, for who need not know its parts.
function cockpit(root, send, options = {}) {
  const pit = new Cockpit(root, send, options);
  return {
    take: message => pit.take(message),
    set: changes => pit.set(changes),
    start: () => pit.start(),
    say: words => pit.announcer.say(words),
    close: () => pit.close(),
    follow: name => pit.follow(name),
  };
}
