// A download whose rows are counted as they come. Without this script the links are plain downloads.

const ROW_END = 10; // both formats end a row in LF; the CSV's cells are counted by their CR
const CR = 13;
let running = null;

function rowsIn(bytes, csv, before) {
  let rows = 0;
  let last = before;
  for (const byte of bytes) {
    if (byte === ROW_END && (!csv || last === CR)) rows += 1;
    last = byte;
  }
  return [rows, last];
}

async function receive(link, show) {
  running = new AbortController();
  const answer = await fetch(link.href, { signal: running.signal });
  if (!answer.ok) throw new Error(String(answer.status));
  const csv = new URL(link.href).pathname.endsWith(".csv");
  const parts = [];
  let rows = csv ? -1 : 0; // the head is no row
  let last = 0;
  let more = 0;
  for (const reader = answer.body.getReader(); ;) {
    const { done, value } = await reader.read();
    if (done) break;
    parts.push(value);
    [more, last] = rowsIn(value, csv, last);
    rows += more;
    show(Math.max(0, rows));
  }
  return { rows, answer, blob: new Blob(parts, { type: answer.headers.get("Content-Type") }) };
}

function save({ answer, blob }) {
  const named = /filename="([^"]+)"/.exec(answer.headers.get("Content-Disposition") ?? "");
  const made = document.createElement("a");
  made.href = URL.createObjectURL(blob);
  made.download = named?.[1] ?? "runs";
  made.click();
  setTimeout(() => URL.revokeObjectURL(made.href), 60_000);
}

async function start(link) {
  const box = link.closest("[data-export-box]");
  const [bar, words] = [box.querySelector("progress"), box.querySelector(".export-words")];
  const all = Number(link.dataset.rows).toLocaleString("en");
  bar.hidden = false;
  try {
    const got = await receive(link, (rows) => {
      bar.value = rows;
      words.textContent = `${rows.toLocaleString("en")} of ${all} rows`;
    });
    save(got);
    words.textContent = `Done: ${got.rows.toLocaleString("en")} rows.`;
  } catch (error) {
    words.textContent = error.name === "AbortError" ? "Stopped." : "The export broke off; nothing was saved. Try again.";
  } finally {
    running = null;
  }
}

document.addEventListener("click", (event) => {
  const link = event.target.closest("a[data-export]");
  if (!link || event.ctrlKey || event.metaKey) return;
  event.preventDefault();
  if (!running) start(link);
});
document.addEventListener("close", () => running?.abort(), true);
