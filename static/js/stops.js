// Choosing runs to compare or to stop: rows of the list, by ones, by the page or all that match; and the Stop… dialog's selects.
// The form in the bar below the list carries the choice; it stays as it is while the live feed changes the rows.

const bar = () => document.getElementById("pick-form");
const boxes = () => [...document.querySelectorAll('input[name="run"][form="pick-form"]')];
const open = (box) => !box.closest("[data-state]")?.matches(ENDED);
const ENDED = ["completed", "flagged", "degraded", "failed", "refused", "killed", "dead"].map((state) => `[data-state="${state}"]`).join();

function all() {
  return bar()?.querySelector("[data-pick-kind]").value === "filter";
}

function setAll(on) {
  const form = bar();
  if (form) form.querySelector("[data-pick-kind]").value = on ? "filter" : "runs";
}

// Any two runs can be compared; killed are those that have not ended. New rows on the page belong to "all that match" as well.
function show() {
  const form = bar();
  if (!form) return;
  for (const box of boxes()) {
    if (all()) box.checked = open(box);
  }
  const usable = boxes();
  const picked = usable.filter((box) => box.checked);
  const chosen = picked.length;
  const live = picked.filter(open).length;
  const page = document.getElementById("pick-page");
  if (page) {
    page.checked = chosen > 0 && chosen === usable.length;
    page.indeterminate = chosen > 0 && chosen < usable.length;
  }
  const more = form.querySelector("[data-pick-all]");
  const words = all() && more ? more.textContent.replace("Select all", "All") : `${chosen} selected${live < chosen ? `, ${live} live` : ""}`;
  const count = form.querySelector("[data-pick-count]");
  if (count.textContent !== words) count.textContent = words;
  if (more) more.hidden = all();
  const compare = form.querySelector("[data-pick-compare]");
  if (compare) compare.disabled = chosen !== 2;
  const kill = form.querySelector("[data-pick-kill]");
  if (kill) kill.disabled = !all() && live === 0;
  form.toggleAttribute("data-on", all() || chosen > 0);
}

document.addEventListener("change", (event) => {
  const target = event.target;
  if (target.matches("[data-pick-page]")) {
    setAll(false);
    for (const box of boxes()) box.checked = target.checked;
    show();
  } else if (target.matches('input[name="run"][form="pick-form"]')) {
    setAll(false);
    show();
  } else if (target.matches(".stop-scope select")) {
    target.closest(".stop-scope").querySelector("input[type=radio]").checked = true;
  }
}, true);

document.addEventListener("click", (event) => {
  if (event.target.closest("[data-pick-all]")) setAll(true);
  else if (event.target.closest("[data-pick-none]")) {
    setAll(false);
    for (const box of boxes()) box.checked = false;
  } else return;
  show();
});

for (const name of ["wf:ops", "htmx:after:swap"]) document.addEventListener(name, show);
window.addEventListener("pageshow", show);
show();
