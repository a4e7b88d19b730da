import { badge, el, nothing } from "./dom.js";
import { figure } from "./figures.js";
import "./frame.js";
import { breakerBadge, foreign, typeBadge, workerLink } from "./lab_words.js";
import { on } from "./live.js";
import { LiveFilters } from "./live_filters.js";
import { LiveTable, become } from "./live_table.js";

// what becomes of a device: its name in the facts, the words, and what they mean
const USES = [
  ["available", "Available", "it takes what comes next"],
  ["busy", "Busy", "a slot that owns it runs something"],
  ["held", "Held", "its breaker, or that of the way to it, is open"],
  ["quarantined", "Quarantined", "nobody gets it until a canary passes"],
  ["failed", "Failed", "it was found and does not work"],
  ["draining", "Draining", "its worker takes nothing more"],
  ["silent", "Silent", "its worker was not heard lately"],
  ["unused", "Unused", "no slot owns it"],
];
const KINDS = { available: "available", busy: "busy", held: "open", quarantined: "quarantined", failed: "failed", draining: "draining", silent: "failed", unused: "off" };

const count = (field, title, hint) => ({
  title,
  numeric: true,
  cell: (type, asOf) => {
    const shown = figure(`hardware.types.${type.name}.${field}`, type[field], asOf);
    if (hint) shown.title = hint;
    return shown;
  },
});
const types = new LiveTable(document.getElementById("types"), {
  caption: "Hardware by type; what is software or only simulated stands by itself",
  key: (type) => type.name,
  empty: ["No worker is there.", "dtf up"],
  columns: [
    { title: "Type", cell: (type) => typeBadge(type.name) },
    count("devices", "Devices"),
    ...USES.map(([use, title, hint]) => count(use, title, hint)),
  ],
});

const parent = document.getElementById("devices");
let rows = [];
let asOf = 0;
const filters = new LiveFilters(parent, {
  filters: [
    { name: "search", title: "Device, worker or host", kind: "search", hint: "a part of its name" },
    { name: "type", title: "Type", kind: "multi" },
    { name: "use", title: "State", kind: "multi", options: USES.map(([use, words]) => [use, words.toLowerCase()]) },
  ],
  has: {
    search: (device) => [device.name, device.uuid, device.worker, device.host],
    type: (device) => [device.type],
    use: (device) => [device.use],
  },
  changed: () => draw(),
});

const of = (title, field, format, read) => ({
  title,
  numeric: true,
  cell: (device, at) => figure(`hardware.devices.${device.key}.${field}`, read(device), at, format),
});
const devices = new LiveTable(parent, {
  caption: "Devices of the workers that are there",
  key: (device) => device.key,
  empty: ["No worker is there, so nothing is known of its devices.", "dtf up"],
  columns: [
    { title: "Device", cell: (device) => el("span", {}, foreign(device.name), " ", el("small", { class: "soft foreign" }, device.uuid)) },
    { title: "Type", cell: (device) => typeBadge(device.type) },
    { title: "State", cell: state },
    { title: "Worker", cell: (device) => workerLink(device.worker_id, device.worker) },
    of("Slots", "slots", "integer", (device) => device.slots),
    of("Busy", "busy_slots", "integer", (device) => device.busy_slots),
    of("Utilisation", "figures.utilisation_percent", "percents", (device) => device.figures.utilisation_percent),
    of("Memory used", "figures.memory_used_bytes", "bytes", (device) => device.figures.memory_used_bytes),
    { title: "Breakers", cell: breakers },
  ],
});

function state(device) {
  const words = USES.find(([use]) => use === device.use)[1].toLowerCase();
  // what it is - software, or simulated - stands beside its type
  return el("span", {}, badge(words, KINDS[device.use]), device.reason ? [" ", foreign(device.reason)] : "");
}

let breakersKnown = false;
function breakers(device) {
  const all = Object.entries(device.breakers);
  if (!all.length) return el("span", { class: "soft" }, breakersKnown ? "none yet" : "not known");
  return el("span", {}, all.map(([target, breaker]) => el("div", {}, breakerBadge(breaker), " ", foreign(target))));
}

let offered = "";
const nobody = nothing("No worker is there, so nothing is known of its devices.", "dtf up");
const other = nothing("No device is like that: clear the filters to see all.");

function draw() {
  devices.show(filters.passed(rows), asOf);
  become(devices.note, ...(filters.any ? other : nobody).cloneNode(true).childNodes);
}

on("hardware", (hardware, at) => {
  asOf = at;
  breakersKnown = hardware.breakers_known;
  rows = Object.entries(hardware.devices).map(([key, device]) => ({ key, ...device }));
  rows.sort((a, b) => a.type.localeCompare(b.type) || a.worker.localeCompare(b.worker) || a.key.localeCompare(b.key));
  const names = Object.keys(hardware.types).sort();
  if (offered !== names.join()) filters.setOptions("type", names);
  offered = names.join();
  types.show(names.map((name) => ({ name, ...hardware.types[name] })), at);
  const words = hardware.breaker_problem ? `: ${hardware.breaker_problem}` : ": no cluster runs.";
  become(document.getElementById("unknown"), breakersKnown ? "" : el("p", { class: "notice-dtf" }, "How the breakers stand is not known", foreign(words)));
  draw();
});
