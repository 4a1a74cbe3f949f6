// The form of a tier: whoever types a value means it, so its setting becomes the tier's own.

const form = document.getElementById("tier-form");

form?.addEventListener("input", (event) => {
  const mode = form.elements[`${event.target.name}_mode`];
  if (mode && mode.value !== "own") mode.value = "own";
});
