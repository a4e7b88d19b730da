// How a worker's figures went: its host's CPU and memory, its slots, and what its GPUs tell.

import { chart } from "./charts.js";
import { brief } from "./foreign_text.js";

const OF_DEVICES = [
  ["utilisation_percent", "%", "Utilisation"],
  ["memory_used_bytes", "bytes", "Memory used"],
  ["temperature_c", "°C", "Temperature"],
];

export class WorkerCharts {
  constructor(parent, id) {
    this.parent = parent;
    this.drawn = new Set();
    const of = (name, label) => ({ name: `worker/${id}/${name}`, label });
    chart(parent, { title: "CPU and memory of its host", unit: "%", series: [of("cpu_percent", "CPU"), of("memory_percent", "memory")] });
    chart(parent, { title: "Busy slots", unit: "slots", series: [of("busy_slots", "busy")] });
  }

  /** Draw what the devices tell, once for each figure that one of them has ever told. */
  show(devices) {
    for (const { uuid, name, figures } of Object.values(devices)) {
      for (const [figure, unit, words] of OF_DEVICES) {
        const series = `device/${uuid}/${figure}`;
        if (figures[figure] === undefined || this.drawn.has(series)) continue;
        this.drawn.add(series);
        chart(this.parent, { title: `${words} of ${brief(name, 60)}`, unit, series: [{ name: series, label: name }] });
      }
    }
  }
}
