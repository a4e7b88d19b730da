// Flower's table of tasks: rows of dtf's tasks lead to their jobs, and their outcomes have colours.

const KINDS = {
  passed: "text-bg-success",
  prepared: "text-bg-success",
  failed: "text-bg-danger",
  error: "text-bg-danger",
  timeout: "text-bg-danger",
  infra: "text-bg-danger",
  "hint lost": "text-bg-danger",
  cancelled: "text-bg-warning",
  running: "task-state-started",
};

const prefix = document.getElementById("url_prefix").value.replace(/^\/*/, "/").replace(/\/+$/, "");
const table = window.jQuery("#tasks-table");

function dress() {
  const rows = table.DataTable().rows({ page: "current" }).nodes().toArray();
  for (const row of rows) {
    const told = table.DataTable().row(row).data();
    if (!told?.celery) continue; // somebody else's
    for (const link of row.querySelectorAll("a[href*='tasks?name=']")) {
      if (told.job_id) link.setAttribute("href", `${prefix}/lab/jobs/${encodeURIComponent(told.job_id)}`);
    }
    for (const badge of row.querySelectorAll(".badge")) {
      const kind = KINDS[badge.textContent];
      if (kind) badge.classList.replace("text-bg-secondary", kind);
      badge.title = told.result ?? "";
    }
  }
}

table.on("draw.dt", dress);
