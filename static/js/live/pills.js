// Rows that came after the page wait behind a pill, as long as there are others that they would push about.

const words = (count, noun) => `${count} new ${noun}${count === 1 ? "" : "s"} · show (n)`;

// Runs that are newer than the list: they are counted, and read when somebody asks.
export class NewRuns {
  constructor() {
    this.fresh = new Set();
  }

  count(runId) {
    if (!document.getElementById(`r-${runId}`)) this.fresh.add(runId);
    const pill = document.querySelector("[data-pill]:not([data-pill-of])");
    if (!pill) return;
    pill.hidden = this.fresh.size === 0;
    pill.textContent = words(this.fresh.size, "run");
  }

  shown() {
    this.fresh.clear();
    const pill = document.querySelector("[data-pill]");
    if (pill) pill.hidden = true;
  }
}

// Rows that a region has newly got: hidden, unless all are asked for or there is no other.
export function keepBack(region, fresh, all) {
  const shown = new Set([...region.querySelectorAll("[data-row][id]:not([hidden])")].map((row) => row.id));
  const rows = [...fresh.querySelectorAll("[data-row][id]")].filter((row) => !shown.has(row.id));
  if (all || !shown.size) rows.length = 0;
  for (const row of rows) row.hidden = true;
  const pill = document.querySelector(`[data-pill-of="${region.id}"]`);
  if (!pill) return;
  pill.hidden = rows.length === 0;
  pill.textContent = words(rows.length, pill.dataset.pillNoun);
}
