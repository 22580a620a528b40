// Work under way belongs to the tab: its token outlives a reload, and is gone with the tab. A new visit is first told
// the token from before it; only then may its own take that place.
const TOKEN = "roadmap-lab";
const seen = (window.roadmapLabTab ??= { visit: null });

export default function ({ data: { owner, visit }, setStateValue }) {
  try {
    const before = sessionStorage.getItem(TOKEN);
    const isNew = seen.visit !== visit;
    seen.visit = visit;
    if (isNew && before && before !== owner) setStateValue("before", before);
    else if (owner) sessionStorage.setItem(TOKEN, owner);
  } catch {
    // no storage: then a reload begins anew
  }
}
