import { badge, el, nothing } from "./dom.js";
import { figure } from "./figures.js";
import "./frame.js";
import { foreign, workerLink } from "./lab_words.js";
import { Listing } from "./listing.js";
import { on } from "./live.js";
import { LiveFilters } from "./live_filters.js";
import { LiveTable, become } from "./live_table.js";
import { drainButton, hardware, health, of, percents, slots } from "./worker_words.js";

const ORDER = ["online", "draining", "offline"];
const parent = document.getElementById("workers");
let all = [];
let asOf = 0;

const filters = new LiveFilters(parent, {
  filters: [
    { name: "search", title: "Name, host, queue or tag", kind: "search", hint: "a part of it" },
    { name: "state", title: "State", kind: "multi", options: ORDER },
    { name: "health", title: "Health", kind: "multi", options: ["healthy", "degraded", "unhealthy"] },
    { name: "hardware", title: "Hardware", kind: "multi" },
  ],
  has: {
    search: (worker) => [worker.name, worker.host, worker.id, ...worker.queues, ...worker.tags],
    state: (worker) => [worker.status],
    health: (worker) => [worker.health],
    hardware: (worker) => worker.hardware,
  },
  changed: () => draw(),
});

const numbers = (title, field, format) => ({
  title,
  numeric: true,
  cell: (worker, at) => of(worker, field, at, format),
});
const table = new LiveTable(parent, {
  caption: "Workers, those that are there first",
  key: (worker) => worker.id,
  empty: ["No worker was ever there.", "dtf up --workers 2"],
  columns: [
    { title: "Worker", cell: (worker) => el("span", {}, workerLink(worker.id, worker.name), " ", el("small", { class: "soft" }, foreign(worker.host))) },
    { title: "State", cell: state },
    { title: "Health", cell: health },
    { title: "Hardware", cell: hardware },
    { title: "Busy slots", numeric: true, cell: slots },
    { title: "CPU", numeric: true, cell: (worker, at) => percents(worker, "cpu", at, "CPU of its host") },
    { title: "Memory", numeric: true, cell: (worker, at) => percents(worker, "memory", at, "memory of its host") },
    numbers("Completed", "tasks_completed"),
    numbers("Success", "success_rate", "percent"),
    numbers("Infra failed", "infra_rate", "percent"),
    { title: "Actions", cell: drainButton },
  ],
});

/** Where it stands; of one that is gone, when it was last heard. */
function state(worker, at) {
  if (worker.status !== "offline") return badge(worker.status);
  return el("span", {}, badge(worker.status), " ", el("small", { class: "soft" }, "since ", of(worker, "seen_at", at, "time")));
}

const nobody = nothing("No worker was ever there.", "dtf up --workers 2");
const other = nothing("No worker is like that: clear the filters to see all.");

function draw() {
  table.show(filters.passed(all), asOf);
  become(table.note, ...(filters.any ? other : nobody).cloneNode(true).childNodes);
}

let offered = "";
on("workers", (value, at) => {
  asOf = at;
  all = Object.values(value).sort(
    (a, b) => ORDER.indexOf(a.status) - ORDER.indexOf(b.status) || a.name.localeCompare(b.name) || b.registered_at - a.registered_at,
  );
  const kinds = [...new Set(all.flatMap((worker) => worker.hardware))].sort();
  if (offered !== kinds.join()) filters.setOptions("hardware", kinds);
  offered = kinds.join();
  draw();
});

// those that are gone are not told of without end: the ledger has them all
const earlier = document.getElementById("earlier");
earlier.addEventListener("toggle", gone, { once: true });
if (new URLSearchParams(location.search).has("gone.search")) earlier.open = true;

function gone() {
  const number = (title, field, format, sort) => ({
    title,
    sort,
    first: "descending",
    numeric: format !== "time",
    cell: (worker, at) => figure(`workers.${worker.worker_id}.${field}`, worker[field], at, format),
  });
  const list = new Listing(document.getElementById("gone"), {
    resource: "workers",
    caption: "Workers that are gone",
    scope: "gone",
    key: (worker) => worker.worker_id,
    fixed: { state: "offline" },
    sort: "-seen_at",
    limit: 20,
    filters: [{ name: "search", title: "Name", kind: "search", hint: "a part of it" }],
    empty: ["No worker is gone."],
    columns: [
      { title: "Worker", sort: "name", cell: (worker) => workerLink(worker.worker_id, worker.name) },
      { title: "Host", cell: (worker) => foreign(worker.host) },
      number("Slots", "slots"),
      number("Registered", "registered_at", "time"),
      number("Last heard", "seen_at", "time", "seen_at"),
    ],
  });
  on("workers", (value, at, confirmed) => confirmed || list.refresh());
}
