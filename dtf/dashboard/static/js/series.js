// How figures went: asked for, brought up to date, and put side by side.

import { ask } from "./live.js";

// a line is drawn over what is missing for less than so many steps: a turn of the coordinator may come late
const BRIDGED = 2.5;
// one chart asks for at most so many points of each of its series
const POINTS = 600;

/** Ask for series of a time: `{last: seconds}` until now, or `{since, until}`; gives `{series, as_of}`. */
export function readSeries(names, time) {
  const asked = new URLSearchParams(names.map((name) => ["name", name]));
  for (const [key, value] of Object.entries({ ...time, points: POINTS })) asked.set(key, value);
  return ask(`/api/v1/series?${asked}`);
}

/** What is known with what came later; of both only what is not older than `since`. */
export function joined(known, later, since) {
  return Object.fromEntries(
    Object.entries(known).map(([name, { resolution_s: step, points }]) => {
      const fresh = later[name]?.points ?? [];
      const from = fresh.length ? fresh[0][0] : Infinity;
      const all = [...points.filter(([at]) => at < from), ...fresh].filter(([at]) => at >= since);
      return [name, { resolution_s: step, points: all }];
    }),
  );
}

/** When the oldest point of any is. */
export function oldest(series) {
  return Math.min(...Object.values(series).flatMap(({ points }) => points.slice(0, 1).map(([at]) => at)));
}

/** When the newest point of any is; undefined: there is none. */
export function newest(series) {
  const last = Object.values(series).flatMap(({ points }) => points.slice(-1).map(([at]) => at));
  return last.length ? Math.max(...last) : undefined;
}

/**
 * Columns side by side, as charts take them: times, then for each name its means; with `band` also the least and most.
 * Where nothing was measured stands null; where nothing at all was, a time with nulls keeps lines from being drawn over.
 */
export function columns(series, names, band = false) {
  const kinds = band ? [1, 2, 3] : [1];
  const byTime = names.map((name) => new Map(series[name]?.points.map((point) => [point[0], point]) ?? []));
  const step = Math.max(0, ...names.map((name) => series[name]?.resolution_s ?? 0));
  const times = withGaps([...new Set(byTime.flatMap((points) => [...points.keys()]))].sort((a, b) => a - b), step);
  return [times, ...byTime.flatMap((points) => kinds.map((kind) => times.map((at) => points.get(at)?.[kind] ?? null)))];
}

function withGaps(times, step) {
  return times.flatMap((at, place) => {
    const next = times[place + 1];
    return next !== undefined && next - at > BRIDGED * step ? [at, at + step] : [at];
  });
}
