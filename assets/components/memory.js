// The learner's progress lives in this browser's own storage; the server keeps none of it.
// A tab sends the changes made in it, never its whole record, so that a tab that has been open for long cannot bring
// back what another one has taken away; and what another tab changed reaches this one as soon as it is looked at.
const KEY = "roadmap-lab";
// Of this tab: the number of the last change applied by visit, what the server was last told, and how to tell it.
const tab = (window.roadmapLabMemory ??= { applied: {}, known: "{}", tell: null });

function read() {
  if (tab.record) return tab.record;
  try {
    const stored = JSON.parse(localStorage.getItem(KEY));
    return stored && typeof stored === "object" && !Array.isArray(stored) ? stored : {};
  } catch {
    return {};
  }
}

function write(record) {
  try {
    localStorage.setItem(KEY, JSON.stringify(record));
  } catch {
    tab.record = record; // private mode without storage: progress lasts for the visit
  }
}

// A change is {number, name, value, gently}: a gentle one gives way to what is stored, of two best numbers the lower stays.
function changed(record, { name, value, gently }) {
  const before = record[name];
  if (gently && before !== undefined) return record;
  const lower = name.startsWith("best:") && typeof before === "number";
  return { ...record, [name]: lower ? Math.min(before, value) : value };
}

function apply({ visit, changes }) {
  const fresh = changes.filter(({ number }) => number > (tab.applied[visit] ?? 0));
  if (!fresh.length) return;
  const before = read();
  const inStep = JSON.stringify(before) === tab.known; // nobody else has written: the server knows what comes of this
  const after = fresh.reduce(changed, before);
  tab.applied[visit] = Math.max(...fresh.map(({ number }) => number));
  write(after);
  if (inStep) tab.known = JSON.stringify(after);
}

function tell() {
  const record = read();
  const text = JSON.stringify(record);
  if (document.hidden || text === tab.known || !tab.tell) return;
  tab.known = text;
  tab.tell(record);
}

if (!tab.listening) {
  tab.listening = true;
  window.addEventListener("storage", ({ key }) => key === KEY && tell());
  document.addEventListener("visibilitychange", tell);
}

export default function ({ data, setStateValue }) {
  const { visit, language } = data;
  document.documentElement.lang = language; // for voices that read aloud, and for hyphens
  tab.tell = record => setStateValue("stored", JSON.stringify({ record, applied: tab.applied[visit] ?? 0 }));
  if (tab.visit !== visit) Object.assign(tab, { visit, known: "{}" });
  apply(data);
  tell();
}
