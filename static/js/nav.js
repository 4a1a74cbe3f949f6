// The main navigation at any width: links that have no room are in its "More" menu, with the sum of their counts.

const nav = document.querySelector("[data-nav]");

// Links that have no room wrap to a second line, which the bar cuts off.
function fit() {
  const links = [...nav.querySelectorAll(".nav-links a")];
  const more = nav.querySelector("[data-nav-more]");
  const twins = [...more.querySelectorAll("a")];
  const over = () => links.map((link) => link.offsetTop > links[0].offsetTop);
  more.hidden = true;
  if (over().includes(true)) more.hidden = false;
  const cut = over();
  links.forEach((link, place) => {
    link.toggleAttribute("data-over", cut[place]);
    twins[place].hidden = !cut[place];
  });
  more.toggleAttribute("data-current", twins.some((twin) => !twin.hidden && twin.hasAttribute("aria-current")));
  count(more, twins.filter((twin) => !twin.hidden));
}

function count(more, shown) {
  const counts = shown.map((twin) => twin.querySelector(".count")?.textContent.trim()).filter(Boolean);
  const sum = counts.reduce((all, each) => all + parseInt(each, 10), 0);
  more.querySelector("[data-nav-more-count]").textContent = sum ? `${sum}${counts.some((each) => each.endsWith("+")) ? "+" : ""}` : "";
}

if (nav) {
  // Its own room changes too while the bar stays as wide: "connecting" is longer than "live".
  const room = new ResizeObserver(fit);
  room.observe(nav.parentElement);
  room.observe(nav);
  document.addEventListener("wf:ops", fit);
  document.fonts.ready.then(fit);
  fit();
}
