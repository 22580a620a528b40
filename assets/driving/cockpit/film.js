// The film: the button that asks for a video of the drive, says how far it is and hands it over.
class Film {
  constructor(button) {
    this.button = button;
    this.video = null; // once it is here
    this.coming = false; // the next binary message is it
  }

  clear() {
    this.video = null;
    this.coming = false;
    this.ready();
  }

  ready() {
    this.say("Download video", false);
  }

  say(words, disabled = true) {
    this.button.disabled = disabled;
    this.button.textContent = words;
  }

  share(done) {
    this.say(`Making the video… ${Math.round(done * 100)}%`);
  }

  take(base64) {
    this.video = bytesOf(base64);
    this.ready();
  }

  save(content, seed) {
    this.coming = false;
    this.ready();
    const address = URL.createObjectURL(new Blob([content], { type: "video/webm" }));
    Object.assign(document.createElement("a"), { href: address, download: `drive-${seed}.webm` }).click();
    setTimeout(() => URL.revokeObjectURL(address), 5000);
  }
}
