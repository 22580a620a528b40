// The hands: keys on the road and fingers on four buttons, told as [steering, gas, brake] whenever they change.
const KEYS = {
  arrowleft: "left",
  arrowright: "right",
  arrowup: "gas",
  arrowdown: "brake",
  a: "left",
  d: "right",
  w: "gas",
  s: "brake",
};

class Hands {
  constructor(root, changed) {
    this.held = { left: false, right: false, gas: false, brake: false };
    this.changed = changed; // called with the hands and whether one was put down
    this.buttons = Object.fromEntries(
      Array.from(root.querySelectorAll("[data-hand]"), button => [button.dataset.hand, button]),
    );
    for (const [name, button] of Object.entries(this.buttons)) this.listen(name, button);
  }

  get wanted() {
    const { left, right, gas, brake } = this.held;
    return [right - left, +gas, +brake];
  }

  hold(name, on) {
    if (this.held[name] === on) return;
    this.held[name] = on;
    this.buttons[name].classList.toggle("cp-held", on);
    this.changed(this.wanted, on);
  }

  release() {
    for (const name of Object.keys(this.held)) this.hold(name, false);
  }

  // Whether a key is one of the hands'.
  key(event, on) {
    const name = KEYS[event.key.toLowerCase()];
    if (!name || (on && (event.ctrlKey || event.metaKey || event.altKey))) return false;
    this.hold(name, on);
    return true;
  }

  listen(name, button) {
    const pressed = on => event => {
      if (event.key !== " " && event.key !== "Enter") return;
      event.preventDefault();
      this.hold(name, on);
    };
    button.onpointerdown = event => {
      event.preventDefault();
      button.setPointerCapture(event.pointerId);
      this.hold(name, true);
    };
    button.onpointerup = button.onpointercancel = button.onlostpointercapture = () => this.hold(name, false);
    button.onkeydown = pressed(true);
    button.onkeyup = pressed(false);
  }
}
