// What is in view stays where it is, whatever comes or goes above it.

export function steadily(box, change) {
  const held = [...box.children].find((row) => row.getBoundingClientRect().bottom > 0) ?? box.lastElementChild;
  const before = held.getBoundingClientRect().top;
  change();
  if (held.isConnected) scrollBy({ top: held.getBoundingClientRect().top - before, behavior: "instant" });
}
