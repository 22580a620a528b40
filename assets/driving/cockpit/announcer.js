// The announcer: one sentence over the road, and a recorded lap to watch while others drive.
const STARTING = "Starting the simulator…";

class Announcer {
  constructor(root) {
    this.word = root.querySelector(".cp-word");
    this.film = root.querySelector(".cp-meanwhile");
    this.place = this.caption = "";
  }

  say(words) {
    this.word.textContent = words;
    this.word.hidden = !words;
  }

  // Where in line the visitor stands, or "" once they drive.
  wait(place) {
    this.place = place;
    this.say(place ? `${place} ${this.caption}`.trim() : STARTING);
    const before = this.film.hidden;
    this.film.hidden = !place || !this.film.src;
    if (this.film.hidden) this.film.pause();
    else if (before && !matchMedia("(prefers-reduced-motion: reduce)").matches) this.film.play().catch(() => 0);
  }

  // Nobody waits any more.
  over(words) {
    this.wait("");
    this.say(words);
  }

  take({ meanwhile, caption }) {
    this.close();
    this.caption = caption;
    this.film.src = URL.createObjectURL(new Blob([bytesOf(meanwhile)], { type: "video/webm" }));
    this.film.muted = true; // else no browser plays it unasked
    if (this.place) this.wait(this.place);
  }

  close() {
    if (this.film.src) URL.revokeObjectURL(this.film.src);
  }
}

function bytesOf(base64) {
  return Uint8Array.from(atob(base64), letter => letter.charCodeAt(0));
}
