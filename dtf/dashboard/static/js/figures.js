// Figures: each says what it is (data-metric), its exact value (data-value), and as of when (data-as-of).

import { on } from "./live.js";

const integers = new Intl.NumberFormat(undefined, { maximumFractionDigits: 0 });
const decimals = new Intl.NumberFormat(undefined, { maximumFractionDigits: 1 });
const UNKNOWN = "–";
const STEPS = ["B", "KiB", "MiB", "GiB", "TiB"];

/** A duration in seconds as people say it. */
export function duration(seconds) {
  if (seconds < 0.0995) return `${integers.format(1000 * seconds)} ms`;
  if (seconds < 60) return `${decimals.format(seconds)} s`;
  const whole = Math.round(seconds);
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${whole % 60} s`;
  if (whole < 86400) return `${Math.floor(whole / 3600)} h ${Math.floor((whole % 3600) / 60)} min`;
  return `${Math.floor(whole / 86400)} d ${Math.floor((whole % 86400) / 3600)} h`;
}

const formats = {
  integer: (value) => integers.format(value),
  decimal: (value) => decimals.format(value),
  // of a share from 0 to 1
  percent: (value) => `${decimals.format(100 * value)} %`,
  // of a number that counts percents already
  percents: (value) => `${decimals.format(value)} %`,
  seconds: duration,
  bytes: (value) => {
    const step = value > 0 ? Math.min(Math.floor(Math.log2(value) / 10), STEPS.length - 1) : 0;
    return `${decimals.format(value / 1024 ** step)} ${STEPS[step]}`;
  },
  // seconds since the epoch, in the viewer's zone
  time: (value) => new Date(1000 * value).toLocaleString(undefined, { dateStyle: "medium", timeStyle: "medium" }),
  text: (value) => String(value),
};

/** A value as text; undefined is not known. */
export function shown(value, format = "integer", unit = "") {
  if (value === undefined || value === null) return UNKNOWN;
  const text = formats[format](value);
  return unit ? `${text} ${value === 1 && unit.endsWith("s") ? unit.slice(0, -1) : unit}` : text;
}

/** Write a value into an element, which then says what it is. */
export function put(element, metric, value, asOf, format = element.dataset.format, unit = element.dataset.unit) {
  element.dataset.metric = metric;
  element.dataset.asOf = asOf;
  const exact = value === undefined || value === null ? "" : String(value);
  const text = shown(value, format, unit);
  element.dataset.value = exact;
  if (element.textContent !== text) element.textContent = text;
  return element;
}

/** A new element with a figure. */
export function figure(metric, value, asOf, format = "integer", unit = "") {
  const element = document.createElement("span");
  element.className = "figure";
  return put(element, metric, value, asOf, format, unit);
}

/** What stands at a path such as `health.score` in an object. */
export function valueAt(value, path) {
  return path.split(".").reduce((inner, name) => inner?.[name], value);
}

/** Keep all figures in the page's own markup true: `<span data-metric="cluster.active_workers" data-format="integer">`. */
export function bind(root = document) {
  const byTopic = new Map();
  for (const element of root.querySelectorAll("[data-metric]")) {
    const [topic] = element.dataset.metric.split(".", 1);
    byTopic.set(topic, [...(byTopic.get(topic) ?? []), element]);
  }
  for (const [topic, elements] of byTopic) {
    on(topic, (value, asOf) => {
      for (const element of elements) {
        const { metric } = element.dataset;
        put(element, metric, valueAt(value, metric.slice(topic.length + 1)), asOf);
      }
    });
  }
}
