// The frames of a stage's pictures, which come after them: handed to the stage that they belong to, and kept for it.
export default function ({ data }) {
  const replays = (window.roadmapLabReplays ??= { kept: new Map(), wanted: new Map() }),
    wanted = replays.wanted.get(data.key);
  replays.kept.set(data.key, data);
  if (wanted?.id === data.id) wanted.take(data.frames);
}
