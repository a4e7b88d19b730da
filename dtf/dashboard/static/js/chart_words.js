// Numbers and times of charts in words, in the viewer's language and zone.

import { duration, shown } from "./figures.js";

const FORMATS = { "%": "percents", bytes: "bytes" };

/** A value with its unit: "%", "bytes", "°C", "jobs" and so on. */
export function valued(value, unit) {
  if (value === undefined || value === null) return shown(undefined);
  return FORMATS[unit] ? shown(value, FORMATS[unit]) : `${shown(value, "decimal")} ${unit}`.trim();
}

/** Whether values of a unit are measured, and not counted. */
export function isMeasured(unit) {
  return ["%", "bytes", "°C"].includes(unit);
}

/** The same where there is little room: on an axis. */
export function ticked(value, unit) {
  return isMeasured(unit) ? valued(value, unit) : shown(value, "decimal");
}

const clock = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit" });
const seconds = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit", second: "2-digit" });
const day = new Intl.DateTimeFormat(undefined, { day: "numeric", month: "short" });
const whole = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "medium" });

/** Times of an axis whose marks are so far apart, in seconds. */
export function axisTimes(times, apart) {
  const format = apart >= 86400 ? day : apart >= 60 ? clock : seconds;
  return times.map((at) => {
    const date = new Date(1000 * at);
    // where a day begins its name is more than "00:00"
    return format === clock && date.getHours() === 0 && date.getMinutes() === 0 ? day.format(date) : format.format(date);
  });
}

/** A time in full. */
export function time(at) {
  return whole.format(new Date(1000 * at));
}

/** What a chart shows, for those who do not see it. */
export function summary(title, unit, labels, series, names) {
  const told = names.map((name, place) => {
    const { points } = series[name] ?? { points: [] };
    if (!points.length) return `${labels[place]}: nothing was measured`;
    const least = Math.min(...points.map((point) => point[2]));
    const most = Math.max(...points.map((point) => point[3]));
    return `${labels[place]}: last ${valued(points.at(-1)[1], unit)}, least ${valued(least, unit)}, most ${valued(most, unit)}`;
  });
  return `${title}. ${told.join("; ") || "Nothing is chosen"}.`;
}

/** What a step stands for. */
export function stepWords(step) {
  return `Each point is the mean of ${duration(step)}.`;
}
