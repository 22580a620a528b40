// The cockpit's elements. Each part finds its own in them by class or data attribute.
const PANEL = `
  <div class="cp-top">
    <div class="cp-view"><canvas class="cp-road" width="400" height="320" tabindex="0" role="img"
        aria-label="The road ahead; the drive has not begun."></canvas>
      <video class="cp-meanwhile" hidden muted loop playsinline controls aria-label="A recorded lap"></video>
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
const RATE = 50; // frames in a second
const COLOURS = { driver: "#2f6fb7", expert: "#df7126", off: "#df7126", car: "#c79a00", push: "#b8579b" };
