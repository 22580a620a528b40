// The learner's progress lives in this browser's own storage; the server keeps none of it.
const KEY = "roadmap-lab";
const read = () => { try { return JSON.parse(localStorage.getItem(KEY)) ?? {}; } catch { return {}; } };

export default function ({ data, setStateValue }) {
  const stored = read();
  if (!data.loaded && Object.keys(stored).length) return setStateValue("stored", JSON.stringify(stored));
  const merged = JSON.stringify({ ...stored, ...data.progress });
  if (merged !== JSON.stringify(stored)) {
    try { localStorage.setItem(KEY, merged); } catch { /* private mode without storage: progress lasts for the visit */ }
  }
}
