// The cockpit on a page: one WebSocket to the visitor's seat. Leaving the page closes it, which frees the simulator.
const pits = new WeakMap();

class Pit {
  constructor(root) {
    this.root = root;
    this.waiting = [];
    this.pit = cockpit(root, message => this.send(message), {});
    this.away = () => {
      if (document.hidden) this.send({ hands: [0, 0, 0] });
    };
    document.addEventListener("visibilitychange", this.away);
  }

  // Whether another seat was left for this one: after a reload the page is given the visit's own only in its next run.
  open(seat) {
    if (this.seat === seat && this.socket?.readyState <= 1) return false;
    const moved = this.seat !== undefined && this.seat !== seat;
    this.seat = seat;
    this.waiting = [];
    this.socket?.close();
    const address = new URL(`api/driving/live?seat=${encodeURIComponent(seat)}`, document.baseURI); // under any base path
    address.protocol = address.protocol.replace("http", "ws");
    const socket = new WebSocket(address);
    this.socket = socket;
    socket.binaryType = "arraybuffer";
    socket.onopen = () => {
      this.waiting.splice(0).forEach(one => socket.send(one));
    };
    socket.onmessage = ({ data }) => {
      if (socket === this.socket) this.pit.take(typeof data === "string" ? JSON.parse(data) : data);
    };
    socket.onclose = () => {
      if (!this.closed && socket === this.socket)
        this.pit.say("The connection is gone: press “Drive”, or reload the page.");
    };
    return moved;
  }

  send(message) {
    if (message.start) message = { start: { ...message.start, ...this.disturb } };
    const text = JSON.stringify(message);
    if (this.socket?.readyState === 1) return this.socket.send(text);
    if (!message.start) return;
    if (!this.socket || this.socket.readyState > 1) this.open(this.seat);
    this.waiting = [text];
  }

  show({ seat, mode, order, live, push, auto }) {
    this.disturb = live;
    const moved = this.open(seat);
    const fresh = this.pit.set({ mode, order, push }) || moved;
    const still = matchMedia("(prefers-reduced-motion: reduce)").matches && !this.begun;
    if (fresh && (this.begun || auto) && !still) {
      this.begun = true;
      this.pit.start();
    } else if (!this.begun) {
      this.begun = true;
      this.pit.say(
        order.driver === "you" ? "Press “Drive” and hold ▲: arrow keys or W A S D steer." : "Press “Drive” to start.",
      );
    }
    const disturb = JSON.stringify(live);
    if (this.live !== undefined && this.live !== disturb) this.send({ disturb: live });
    this.live = disturb;
  }

  close() {
    this.closed = true;
    document.removeEventListener("visibilitychange", this.away);
    this.pit.close();
    this.socket?.close();
  }
}

export default function ({ data, parentElement }) {
  const root = parentElement.querySelector(".pit");
  if (!pits.has(root)) pits.set(root, new Pit(root));
  pits.get(root).show(data);
  return () => {
    pits.get(root)?.close();
    pits.delete(root);
  };
}
