// The launch page: choosing another tenant is pressing its button; what is typed goes along with the form.

document.getElementById("id_to_tenant")?.addEventListener("change", (event) => {
  const button = document.getElementById(event.target.dataset.press);
  event.target.form.requestSubmit(button);
});

// Another agent brings another part of the form; what was typed into the task while it was on its way stays.

let typed = null;

document.addEventListener("htmx:before:swap", () => {
  const task = document.getElementById("id_task");
  typed = task && { text: task.value, at: task.selectionStart, to: task.selectionEnd, focused: task === document.activeElement };
});

document.addEventListener("htmx:after:swap", () => {
  const task = document.getElementById("id_task");
  if (!task || !typed) return;
  if (task.value !== typed.text) task.value = typed.text;
  if (!typed.focused || task === document.activeElement) return;
  task.focus();
  task.setSelectionRange(typed.at, typed.to);
});
