// A region that was read again takes the place of the old one, and what a person has done within it goes on: focus,
// selected text, typed text, choices, open details, scrolled boxes. What has no id is found by its place.

const UNTYPED = "[type=checkbox],[type=radio]";
const typedIn = (el) => el?.matches(`input:not(${UNTYPED}), textarea, select`);

// Where a node is: the nearest element with an id, and from there the way down.
function placeOf(node, region) {
  const way = [];
  let at = node;
  while (at !== region && !(at.nodeType === Node.ELEMENT_NODE && at.id)) {
    way.unshift([...at.parentNode.childNodes].indexOf(at));
    at = at.parentNode;
  }
  return { id: at === region ? null : at.id, way, name: node.nodeName };
}

// The node at that place, if it is of the same kind.
function at(place, region) {
  let node = place.id ? region.querySelector(`#${CSS.escape(place.id)}`) : region;
  for (const step of place.way) node = node?.childNodes[step];
  return node?.nodeName === place.name ? node : null;
}

function twinOf(el, region, fresh) {
  if (!el.id && el.name) {
    const value = el.matches(UNTYPED) ? `[value="${CSS.escape(el.value)}"]` : "";
    const named = fresh.querySelectorAll(`[name="${CSS.escape(el.name)}"]${value}`);
    if (named.length === 1) return named[0];
  }
  return at(placeOf(el, region), fresh);
}

function keepChoices(region, fresh) {
  for (const el of region.querySelectorAll("input, textarea, select")) {
    const twin = el.matches("[type=hidden],[type=file]") ? null : twinOf(el, region, fresh);
    if (!twin) continue;
    if (el.matches(UNTYPED)) {
      if (el.checked !== el.defaultChecked) twin.checked = el.checked;
    } else if (el.matches("select")) {
      if ([...el.options].some((option) => option.selected !== option.defaultSelected)) twin.value = el.value;
    } else if (el.value !== el.defaultValue) twin.value = el.value;
  }
}

function keepDetails(region, fresh) {
  const words = (el) => el.querySelector("summary")?.textContent.trim();
  const freshOnes = [...fresh.querySelectorAll("details")];
  for (const el of region.querySelectorAll("details")) {
    const placed = at(placeOf(el, region), fresh);
    const twin = placed && words(placed) === words(el) ? placed : freshOnes.find((each) => words(each) === words(el));
    if (twin && el.open) twin.open = true;
  }
}

function scrolled(region) {
  return [region, ...region.querySelectorAll("*")]
    .filter((el) => el.scrollTop || el.scrollLeft)
    .map((el) => ({ place: placeOf(el, region), top: el.scrollTop, left: el.scrollLeft }));
}

function selectedIn(region) {
  const chosen = getSelection();
  if (!chosen || chosen.isCollapsed || !region.contains(chosen.anchorNode) || !region.contains(chosen.focusNode)) return null;
  const end = (node, offset) => ({ place: placeOf(node, region), offset });
  const [from, to] = [end(chosen.anchorNode, chosen.anchorOffset), end(chosen.focusNode, chosen.focusOffset)];
  return { from, to, text: chosen.toString() };
}

// Only where the same words are still there: else something would be selected that nobody has chosen.
function select(chosen, region) {
  const [from, to] = [at(chosen.from.place, region), at(chosen.to.place, region)];
  const room = (node) => (node.nodeType === Node.TEXT_NODE ? node.length : node.childNodes.length);
  if (!from || !to || chosen.from.offset > room(from) || chosen.to.offset > room(to)) return;
  getSelection().setBaseAndExtent(from, chosen.from.offset, to, chosen.to.offset);
  if (getSelection().toString() !== chosen.text) getSelection().removeAllRanges();
}

// No row moves under a pointer, a focus, a choice or something that was opened: rows stay where they are, new ones last.
function keepOrder(region, fresh) {
  const held = region.matches(":hover, :focus-within") || region.querySelector("[data-row] input:checked, [data-row] details[open]") || selectedIn(region);
  if (!region.matches("[data-keep-order]") || !held) return;
  const rows = [...fresh.querySelectorAll("[data-row]")];
  const places = new Map([...region.querySelectorAll("[data-row]")].map((row, place) => [row.id, place]));
  const place = (row) => places.get(row.id) ?? places.size;
  rows[0]?.parentElement.append(...rows.sort((a, b) => place(a) - place(b)));
}

// False when somebody is typing in the region, or when what they sent from it is under way, whose answer would find no
// place any more: it is read again later.
export function replaceRegion(region, fresh) {
  const active = region.contains(document.activeElement) ? document.activeElement : null;
  if (typedIn(active) || region.querySelector(".htmx-request")) return false;
  keepOrder(region, fresh);
  keepChoices(region, fresh);
  keepDetails(region, fresh);
  const focused = active && placeOf(active, region);
  const [chosen, boxes] = [selectedIn(region), scrolled(region)];
  region.replaceWith(document.adoptNode(fresh));
  window.htmx?.process(fresh);
  if (focused) at(focused, fresh)?.focus({ preventScroll: true });
  if (chosen) select(chosen, fresh);
  for (const box of boxes) at(box.place, fresh)?.scrollTo({ top: box.top, left: box.left, behavior: "instant" });
  return true;
}
