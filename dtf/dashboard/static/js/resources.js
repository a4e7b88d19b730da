import { chart, ranges, RANGES } from "./charts.js";
import { badge, el } from "./dom.js";
import { bind, figure } from "./figures.js";
import "./frame.js";
import { foreign, workerLink } from "./lab_words.js";
import { ask, on } from "./live.js";
import { LiveTable } from "./live_table.js";
import { Chosen } from "./resources_chosen.js";

bind();

const under = (id) => document.getElementById(id);
const place = new URLSearchParams(location.search);
const first = RANGES.find(([, seconds]) => String(seconds) === place.get("last"))?.[1] ?? RANGES[0][1];
const all = [];

function drawn(parent, title, unit, series = []) {
  const one = chart(under(parent), { title, unit, series, last: first, ranges: false });
  all.push(one);
  return one;
}

const keep = (change) => {
  const words = new URLSearchParams(location.search);
  change(words);
  history.replaceState(null, "", `${location.pathname}${words.size ? `?${words}` : ""}`);
};

under("range").append(
  ranges((seconds) => {
    all.forEach((one) => one.setLast(seconds));
    keep((words) => (seconds === RANGES[0][1] ? words.delete("last") : words.set("last", seconds)));
  }, first).element,
);

drawn("laboratory", "Jobs running and waiting", "jobs", [
  { name: "jobs/running", label: "running" },
  { name: "jobs/waiting", label: "waiting" },
]);
drawn("laboratory", "Health", "of 100", [{ name: "health/score", label: "health score" }]);

// what a series of each kind is called, and its charts: [title, unit, end of the series' names]
const WORKERS = [["CPU by worker, of its host", "%", "cpu_percent"], ["Memory by worker, of its host", "%", "memory_percent"], ["Busy slots by worker", "slots", "busy_slots"]];
const DEVICES = [["GPU utilisation", "%", "utilisation_percent"], ["GPU memory used", "bytes", "memory_used_bytes"], ["GPU temperature", "°C", "temperature_c"]];
const QUEUES = [["Shards queued", "shards", "queued"], ["Shards running", "shards", "claimed"]];

function kind(parent, prefix, charts) {
  const made = charts.map(([title, unit, end]) => [drawn(parent, title, unit), end]);
  return (things) => {
    under(parent).hidden = !things.length;
    for (const [one, end] of made) one.setSeries(things.map(({ id, label }) => ({ name: `${prefix}/${id}/${end}`, label })));
  };
}

const workers = new Chosen("worker", { show: kind("worker-charts", "worker", WORKERS), keep, words: place, what: "Workers" });
const queues = new Chosen("queue", { show: kind("queue-charts", "queue", QUEUES), keep, words: place, what: "Queues" });
let devices = null;

const box = (chosen, what) => ({
  title: "In the charts",
  cell: ({ id, name }) => chosen.box(id, `${what} ${name ?? id} in the charts`),
});
const now = (kindName, title, field, format) => ({
  title,
  numeric: true,
  cell: (row, asOf) => figure(`resources.${kindName}.${row.id}.${field}`, row[field], asOf, format),
});

const workerTable = new LiveTable(under("workers"), {
  caption: "Workers that are there, and what they use now",
  key: (row) => row.id,
  empty: ["No worker is there.", "dtf up"],
  columns: [
    box(workers, "worker"),
    { title: "Worker", cell: (row) => el("span", {}, workerLink(row.id, row.name), row.heard ? "" : [" ", badge("silent", "failed")]) },
    { title: "Host", cell: (row) => foreign(row.host) },
    now("workers", "CPU", "cpu", "percents"),
    now("workers", "Memory", "memory", "percents"),
    now("workers", "Busy slots", "busy_slots", "integer"),
    now("workers", "Slots", "slots", "integer"),
  ],
});
const queueTable = new LiveTable(under("queues"), {
  caption: "Queues, and what is in them now",
  key: (row) => row.id,
  empty: ["No worker takes work, and nothing waits.", "dtf up"],
  columns: [
    box(queues, "queue"),
    { title: "Queue", cell: (row) => foreign(row.id) },
    now("queues", "Queued", "queued", "integer"),
    now("queues", "Running", "claimed", "integer"),
  ],
});

function deviceSection() {
  under("devices-section").hidden = false;
  const chosen = new Chosen("device", { show: kind("device-charts", "device", DEVICES), keep, words: place, what: "GPUs" });
  const table = new LiveTable(under("devices"), {
    caption: "GPUs, and what is in use of them now",
    key: (row) => row.id,
    empty: ["No GPU tells its figures now."],
    columns: [
      box(chosen, "GPU"),
      { title: "GPU", cell: (row) => el("span", {}, foreign(row.name), " ", el("small", { class: "soft foreign" }, row.id)) },
      { title: "Worker", cell: (row) => foreign(row.worker) },
      now("devices", "Utilisation", "utilisation_percent", "percents"),
      now("devices", "Memory used", "memory_used_bytes", "bytes"),
      now("devices", "Memory", "memory_bytes", "bytes"),
      now("devices", "Temperature, °C", "temperature_c", "decimal"),
    ],
  });
  return { chosen, table };
}

const rows = (of) => Object.entries(of).map(([id, one]) => ({ id, ...one }));
on("resources", (value, asOf) => {
  const there = rows(value.workers).sort((a, b) => a.name.localeCompare(b.name) || a.id.localeCompare(b.id));
  workers.there(there.map(({ id, name }) => ({ id, label: name })));
  workerTable.show(there, asOf);
  const waiting = rows(value.queues);
  queues.there(waiting.map(({ id }) => ({ id, label: id })));
  queueTable.show(waiting, asOf);
  const gpus = rows(value.devices);
  if (gpus.length) devices ??= deviceSection();
  devices?.chosen.there(gpus.map(({ id, name }) => ({ id, label: `${name} ${id}` })));
  devices?.table.show(gpus, asOf);
});

// what is gone has a past, too
async function past(chosen, prefix, parent) {
  try {
    const { names } = await ask(`/api/v1/series/names?prefix=${prefix}/`);
    chosen.gone(under(parent), new Set(names.map((name) => name.slice(prefix.length + 1, name.lastIndexOf("/")))));
  } catch (error) {
    const words = `What was there before cannot be told: ${error.message}`;
    under(parent).append(el("p", { class: "is-failed", role: "alert" }, words));
  }
}
on("workers", (value) => workers.named(value));
past(workers, "worker", "gone-workers");
past(queues, "queue", "gone-queues");
