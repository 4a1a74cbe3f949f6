// A wall is looked at from afar: once the server has not been heard for a while, it says in large letters how old it is.

const OLD_MS = 12_000;
let heard = Date.now();
const note = () => { heard = Date.now(); };
document.addEventListener("wf:clock", note);

const two = (number) => String(number).padStart(2, "0");

function tick() {
  const box = document.getElementById("wall-old");
  if (!box) return;
  const old = Date.now() - heard;
  const live = document.documentElement.dataset.live;
  const refused = live === "signed-out" || document.querySelector("wf-live")?.refused;
  const show = old > OLD_MS || Boolean(refused);
  box.hidden = !show;
  document.documentElement.toggleAttribute("data-old", show);
  if (!show) return;
  const seconds = Math.floor(old / 1_000);
  const minutes = Math.floor(seconds / 60);
  const words = minutes < 60 ? `${two(minutes)}:${two(seconds % 60)}` : `${Math.floor(minutes / 60)}:${two(minutes % 60)}:${two(seconds % 60)}`;
  const text = `DATA OLD ${words}`;
  if (box.textContent !== text) box.textContent = text;
}

setInterval(tick, 1_000);
