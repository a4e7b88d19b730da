// How well the laboratory does: the score, and what makes it up.

import { badge, el } from "./dom.js";
import { figure } from "./figures.js";
import { LiveTable, become } from "./live_table.js";
import { meter } from "./progress.js";

const TITLES = {
  leader: "Coordinator",
  workers: "Workers",
  queues: "Queues",
  breakers: "Breakers",
  devices: "Devices",
  jobs: "Jobs",
  operators: "Operators",
};

// on a narrow screen the parts would push everything else away
document.getElementById("health-more").open = matchMedia("(min-width: 40rem)").matches;

const WAYS = { better: "↗ better", steady: "→ steady", worse: "↘ worse" };

const status = document.getElementById("health-status");
const trend = document.getElementById("health-trend");
const parts = new LiveTable(document.getElementById("health-parts"), {
  caption: "What makes up the health score",
  key: (part) => part.name,
  empty: ["There is no score while no cluster is running."],
  columns: [
    { title: "Part", cell: (part) => TITLES[part.name] ?? part.name },
    { title: "Share", numeric: true, cell: share },
    { title: "Weight", numeric: true, cell: (part, asOf) => of(part, "weight", asOf) },
    { title: "What it is", cell: words },
  ],
});

function of(part, field, asOf, format = "integer") {
  return figure(`cluster.health.parts.${part.name}.${field}`, part[field], asOf, format);
}

function share(part, asOf) {
  const percent = of(part, "value", asOf, "percent");
  if (part.value < 1) percent.classList.add("is-degraded");
  return el("span", { class: "progress-dtf" }, meter(part.value, TITLES[part.name] ?? part.name), " ", percent);
}

function words(part, asOf) {
  if (!part.total) return el("span", { class: "soft" }, part.words);
  return el("span", {}, of(part, "good", asOf), " of ", of(part, "total", asOf), ` ${part.words}`);
}

export function health(cluster, asOf) {
  const { status: word, parts: found = {}, trend: way, earlier } = cluster.health;
  become(status, badge(word));
  const before = figure("cluster.health.earlier", earlier, asOf, "decimal");
  become(trend, ...(way ? [`${WAYS[way]}: the mean of the last 15 minutes is `, before] : []));
  const order = Object.keys(TITLES);
  const rows = Object.entries(found).map(([name, part]) => ({ name, ...part }));
  parts.show(rows.sort((a, b) => order.indexOf(a.name) - order.indexOf(b.name)), asOf);
}
