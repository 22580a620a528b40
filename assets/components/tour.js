// A walk around the lesson: points at what is on the page now, and moves it if asked. Nothing goes to the server but
// what a learner's own hand would send.
const STEPS = [
  {
    title: "Guess first",
    find: () => document.querySelector("[class*='st-key-predict-']"),
    text: "Commit to a guess before anything is measured. Guess and truth then stand side by side, with a sentence why.",
  },
  {
    title: "Change something",
    find: () => handle()?.closest("[data-testid=stElementContainer]"),
    text: () =>
      `“${name()}” sets up the experiment: every move trains or measures anew, and the address keeps the setting.`,
    act: ["Move it for me", () => press(handle())],
  },
  {
    title: "Look, and rewind",
    find: () => [...document.querySelectorAll(".rl-bar")].find(bar => !bar.hidden),
    text: "The training is recorded. Play it, step through it, or drag to any moment of it.",
    act: ["Play it", bar => bar.querySelector("[data-act=play]").click()],
  },
  {
    title: "Look closely",
    find: () =>
      [...document.querySelectorAll(".rl-bar")].some(bar => !bar.hidden) ? null : document.querySelector(".rl-stage"),
    text: "Every number comes from a tensor computed here; the line below the picture says which run, seed and seconds.",
  },
  {
    title: "Take the challenge",
    find: () => document.querySelector("[class*='st-key-challenge-']"),
    text: "The program checks this goal on your own run, and ticks the roadmap when you reach it.",
  },
  {
    title: "Take the program",
    find: () => document.querySelector("[class*='code-1-open']"),
    text: "The PyTorch program that made what is on screen, with your settings: to read, and to run elsewhere.",
  },
];

// The control that is moved: the lesson's first slider, else its first choice or switch.
const handle = () => {
  for (const place of [".st-key-controls", "[data-testid=stMain]"])
    for (const kind of ["input[type=range]", "[role=radiogroup]", "[role=switch]"])
      for (const each of document.querySelectorAll(`${place} ${kind}`))
        if (each.closest("[data-testid=stElementContainer]")?.offsetParent && !each.closest(".rl-stage")) return each;
  return null;
};

function name() {
  const label = handle().closest("[data-testid=stElementContainer]").querySelector("label p, label");
  return label?.textContent.trim() || handle().getAttribute("aria-label") || "This control";
}

// What a hand would do: one step of the slider (back, where it stands at its end), the next choice, the other side.
function press(control) {
  if (control.type === "range") {
    const key = Number(control.value) < Number(control.max) ? "ArrowRight" : "ArrowLeft";
    control.focus({ preventScroll: true });
    for (const kind of ["keydown", "keyup"])
      control.dispatchEvent(new KeyboardEvent(kind, { key, code: key, bubbles: true, cancelable: true }));
    return;
  }
  const options = [...control.querySelectorAll("[role=radio]")];
  const at = options.findIndex(each => each.getAttribute("aria-checked") === "true");
  (options.length ? options[(at + 1) % options.length] : control).click();
}

export default function ({ parentElement }) {
  const root = parentElement.querySelector(".rl-tour"),
    box = root.querySelector(".rl-tour-box"),
    part = name => root.querySelector(`[data-act=${name}]`),
    opener = root.querySelector(".rl-tour-open");
  if (root.dataset.ready) return; // a page that runs again leaves an open tour where it is
  root.dataset.ready = "yes";
  let steps = [],
    at = 0,
    pointed = null;

  // Marked by an attribute: the page, drawn anew, writes its own classes over an element's.
  const mark = target => {
    pointed?.removeAttribute("data-rl-toured");
    pointed = target;
    target?.setAttribute("data-rl-toured", "");
  };
  const point = target => {
    mark(target);
    target?.scrollIntoView({
      block: "center",
      behavior: matchMedia("(prefers-reduced-motion)").matches ? "auto" : "smooth",
    });
  };
  const count = () => {
    const { title } = steps[at];
    root.querySelector(".rl-tour-place").textContent = `${at + 1} of ${steps.length} · ${title}`;
    part("back").hidden = !at;
    part("on").hidden = at === steps.length - 1;
  };
  // A page that runs again may put another element in the place of the one pointed at, and one that is still being
  // drawn when the walk begins has more to show.
  const watch = new MutationObserver(() => {
    if (!pointed?.isConnected) mark(steps[at].find());
    const here = steps[at],
      found = STEPS.filter(step => step === here || step.find());
    if (found.length <= steps.length) return;
    steps = found;
    at = steps.indexOf(here);
    count();
  });
  const show = number => {
    at = number;
    const { text, act, find } = steps[at],
      target = find();
    point(target);
    count();
    root.querySelector("#rl-tour-text").textContent = typeof text === "function" ? text() : text;
    part("do").hidden = !act;
    if (act) {
      part("do").textContent = act[0];
      part("do").onclick = () => act[1](find());
    }
    box.hidden = false;
    box.focus({ preventScroll: true });
    watch.observe(document.querySelector("[data-testid=stMain]"), { childList: true, subtree: true });
  };
  const end = () => {
    watch.disconnect();
    mark(null);
    box.hidden = true;
    opener.focus({ preventScroll: true });
  };
  opener.onclick = () => {
    steps = STEPS.filter(step => step.find());
    if (steps.length) show(0);
  };
  part("back").onclick = () => show(at - 1);
  part("on").onclick = () => show(at + 1);
  part("end").onclick = end;
  box.onkeydown = event => {
    if (event.key === "Escape") end();
    if (event.key === "ArrowRight" && at < steps.length - 1) show(at + 1);
    if (event.key === "ArrowLeft" && at > 0) show(at - 1);
  };
  return () => {
    watch.disconnect();
    mark(null);
  };
}
