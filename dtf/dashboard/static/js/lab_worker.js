import { attemptColumns } from "./attempt_columns.js";
import { badge, el } from "./dom.js";
import { figure } from "./figures.js";
import "./frame.js";
import { foreign, jobLink, marks } from "./lab_words.js";
import { Listing } from "./listing.js";
import { ask, on } from "./live.js";
import { LiveTable, become } from "./live_table.js";
import { WorkerCharts } from "./worker_charts.js";
import { drainButton, health, of, percents, slots } from "./worker_words.js";

function start(id) {
  const under = (name) => document.getElementById(name);
  const slotTable = tableOfSlots(under("slots"), id);
  const deviceTable = tableOfDevices(under("devices"), id);
  const attempts = new Listing(under("attempts"), {
    resource: "attempts",
    caption: "Attempts on this worker, the last first",
    key: (row) => `${row.shard_id}:${row.attempt}`,
    fixed: { worker_id: id },
    sort: "-claimed_at",
    limit: 20,
    filters: [{ name: "outcome", title: "Outcome", kind: "multi", options: ["passed", "failed", "skipped", "error", "infra", "timeout", "cancelled"] }],
    empty: ["It has had no work yet."],
    columns: attemptColumns([{ title: "Job", cell: (row) => jobLink(row.job_id) }]),
  });
  on("tasks", (tasks, asOf, confirmed) => confirmed || attempts.refresh());

  const charts = new WorkerCharts(under("charts"), id);
  let shown = false;
  on("workers", (workers, asOf) => {
    const worker = workers[id];
    if (!worker) {
      if (!shown) past(id, under);
      shown = true;
      return;
    }
    become(under("name"), foreign(worker.name));
    become(under("now"), now(worker, asOf));
    slotTable.show(rowsOf(worker.slot_table, worker), asOf);
    deviceTable.show(rowsOf(worker.devices, worker), asOf);
    charts.show(worker.devices);
    shown = true;
  });
}

const rowsOf = (things, worker) => Object.entries(things).map(([at, thing]) => ({ at, worker, ...thing }));

function now(worker, asOf) {
  const line = (title, ...inside) => el("div", {}, el("dt", {}, title), el("dd", { class: "named" }, ...inside));
  const at = (field, format) => of(worker, field, asOf, format);
  const inside = worker.quarantine.map(({ target, since, reason }, place) =>
    el("p", {}, badge("quarantined"), " ", foreign(target), " since ", figure(`workers.${worker.id}.quarantine.${place}.since`, since, asOf, "time"), ": ", foreign(reason)),
  );
  return el(
    "div",
    {},
    el(
      "dl",
      { class: "figures" },
      line("State", badge(worker.status), " ", drainButton(worker) ?? ""),
      line("Health", health(worker)),
      line("Busy slots", slots(worker, asOf)),
      line("CPU of its host", percents(worker, "cpu", asOf, "CPU")),
      line("Memory of its host", percents(worker, "memory", asOf, "memory"), " ", el("small", {}, "of ", at("memory_bytes", "bytes"))),
      line("Load over a minute", at("load_1m", "decimal"), " ", el("small", {}, "on ", at("cpu_count"), " cores")),
      line("Attempts completed", at("tasks_completed")),
      line("Without a failure", at("success_rate", "percent")),
      line("Infrastructure failed", at("infra_rate", "percent")),
      line("Registered", at("registered_at", "time")),
      line("Last heard", at("seen_at", "time")),
      line("Took work last", at("took_work_at", "time")),
    ),
    inside,
    el(
      "p",
      { class: "soft" },
      "On ", foreign(worker.host), ", process ", at("pid", "text"), ", dtf ", foreign(worker.version), ". Queues: ", foreign(worker.queues.join(", ")),
      worker.tags.length ? [". Tags: ", foreign(worker.tags.join(", "))] : "", ".",
    ),
  );
}

function tableOfSlots(parent, id) {
  const at = (slot, field, value, asOf, format) => figure(`workers.${id}.slot_table.${slot.at}.${field}`, value, asOf, format);
  return new LiveTable(parent, {
    caption: "Slots and what they run",
    key: (slot) => slot.at,
    empty: ["It has no slots."],
    columns: [
      { title: "Slot", cell: (slot) => `slot ${slot.at}` },
      { title: "Takes", cell: (slot) => el("span", {}, slot.tags.flatMap((tag) => [badge(tag, "kind"), " "])) },
      { title: "Owns", cell: (slot) => foreign(slot.devices.map((place) => slot.worker.devices[place].name).join(", ") || "a share of the CPU") },
      { title: "Runs", cell: (slot) => (slot.runs ? jobLink(slot.runs.job_id, slot.runs.name) : el("span", { class: "soft" }, "nothing")) },
      { title: "Attempt", numeric: true, cell: (slot, asOf) => at(slot, "runs.attempt", slot.runs?.attempt, asOf) },
      { title: "Since", cell: (slot, asOf) => at(slot, "runs.claimed_at", slot.runs?.claimed_at, asOf, "time") },
      { title: "Memory of its processes", numeric: true, cell: (slot, asOf) => at(slot, "rss_bytes", slot.rss_bytes, asOf, "bytes") },
    ],
  });
}

function tableOfDevices(parent, id) {
  const of = (field, format, read) => (device, asOf) => figure(`workers.${id}.devices.${device.at}.${field}`, read(device), asOf, format);
  const told = (name) => (device) => device.figures[name];
  return new LiveTable(parent, {
    caption: "Devices",
    key: (device) => device.at,
    empty: ["It found no devices."],
    columns: [
      { title: "Device", cell: (device) => el("span", {}, foreign(device.name), " ", el("small", { class: "soft foreign" }, device.uuid)) },
      { title: "Type", cell: (device) => badge(device.kind, "kind") },
      { title: "State", cell: (device) => el("span", {}, device.marks.length ? marks(device.marks) : badge(device.state)) },
      { title: "Utilisation", numeric: true, cell: of("figures.utilisation_percent", "percents", told("utilisation_percent")) },
      { title: "Memory used", numeric: true, cell: of("figures.memory_used_bytes", "bytes", told("memory_used_bytes")) },
      { title: "Memory", numeric: true, cell: of("details.memory_bytes", "bytes", (device) => device.details.memory_bytes) },
      { title: "Temperature in °C", numeric: true, cell: of("figures.temperature_c", "decimal", told("temperature_c")) },
    ],
  });
}

/** One that has been gone for long: what the ledger has of it. */
async function past(id, under) {
  try {
    const worker = await ask(`/api/v1/workers/${encodeURIComponent(id)}`);
    const at = (field, format) => figure(`workers.${id}.${field}`, worker[field], worker.as_of, format);
    become(under("name"), foreign(worker.name));
    become(under("now"), el("p", {}, badge(worker.state), " on ", foreign(worker.host), ", registered ", at("registered_at", "time"), ", last heard ", at("seen_at", "time"), "."));
  } catch (error) {
    become(under("now"), el("p", { class: "nothing", role: "alert" }, error.message));
  }
}

const page = document.getElementById("worker");
if (page) start(page.dataset.id);
