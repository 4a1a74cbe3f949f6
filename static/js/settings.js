// The settings page: what the time is now, in both ways of showing it.

const shown = { utc: document.querySelector('[data-now="utc"]'), local: document.querySelector('[data-now="local"]') };

function words(at, zone) {
  return `${at.toISOString().replace("T", " ").slice(0, 19)} ${zone}`;
}

function tick() {
  const now = new Date();
  if (shown.utc) shown.utc.textContent = words(now, "UTC");
  if (shown.local) shown.local.textContent = words(new Date(now.getTime() - now.getTimezoneOffset() * 60_000), "local");
}

tick();
setInterval(tick, 1_000);
