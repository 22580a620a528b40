// Draws what comes into sight, and compares a guess with what was measured. The stage is the hub's own.
import replay from "./replay.js";
import stage, { MARKUP } from "./stage.js";

async function draw(place) {
  const answer = await fetch(new URL(place.dataset.file, document.baseURI));
  if (!answer.ok) return; // the words stay
  const { data, frames } = await answer.json();
  place.innerHTML = MARKUP;
  stage({ data, parentElement: place, setTriggerValue: () => {} });
  replay({ data: { key: data.key, id: data.id, frames } });
}

// Every page has stages of the same names, but one page is open at a time: the keys need not differ.
const sight = new IntersectionObserver(
  entries => {
    for (const { target, isIntersecting } of entries)
      if (isIntersecting) {
        sight.unobserve(target);
        draw(target);
      }
  },
  { rootMargin: "600px" },
);
for (const place of document.querySelectorAll(".stage")) sight.observe(place);

for (const question of document.querySelectorAll(".question")) {
  const { truth, because, number, close, unit } = JSON.parse(question.dataset.answer);
  const range = question.querySelector("input");
  const said = () => `${Number(Number(range.value).toPrecision(4))} ${unit}`.trim();
  if (range) range.oninput = () => (question.querySelector("output").textContent = said());
  for (const button of question.querySelectorAll("button"))
    button.onclick = () => {
      const guess = range ? said() : button.textContent;
      const right = range ? Math.abs(Number(range.value) - number) <= close : guess === truth;
      const verdict = question.querySelector(".verdict");
      verdict.hidden = false;
      verdict.innerHTML = `${right ? "✓" : "✗"} You said <strong></strong>, measured: <strong></strong>. ${because}`;
      const [mine, theirs] = verdict.querySelectorAll("strong");
      mine.textContent = guess;
      theirs.textContent = truth;
      question.closest("section").querySelector("details.answer").open = true;
    };
}
