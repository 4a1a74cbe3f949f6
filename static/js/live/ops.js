// Ops: small changes of leaf cells, as frames bring them; each may be applied twice without harm.

const byId = (id) => document.getElementById(id);

const OPS = {
  text(op) {
    const el = byId(op.id);
    if (el && el.textContent !== op.value) el.textContent = op.value;
  },
  attr(op) {
    const el = byId(op.id);
    if (!el) return;
    if (op.value === null) el.removeAttribute(op.name);
    else if (el.getAttribute(op.name) !== op.value) el.setAttribute(op.name, op.value);
  },
  append(op, appended) {
    const box = byId(op.id);
    if (!box) return;
    const made = document.createElement("template");
    made.innerHTML = op.html;
    if (byId(op.key)) {
      renew(made.content);
      return;
    }
    const rows = [...made.content.children];
    box.append(...rows);
    rows.forEach((row) => window.htmx?.process(row));
    appended.push(...rows);
  },
};

// A row that is there comes again when the cursor went back, maybe changed since: its cells are taken over, the row stays.
function renew(fresh) {
  for (const cell of fresh.querySelectorAll("[id]")) {
    const there = byId(cell.id);
    if (!there) continue;
    for (const { name, value } of cell.attributes) if (name !== "tabindex" && there.getAttribute(name) !== value) there.setAttribute(name, value);
    if (!cell.hasAttribute("data-open")) there.removeAttribute("data-open");
    if (!cell.children.length && there.textContent !== cell.textContent) there.textContent = cell.textContent;
  }
}

// The rows that they have added to the page.
export function applied(ops) {
  const appended = [];
  for (const op of ops) OPS[op.op]?.(op, appended);
  return appended;
}
