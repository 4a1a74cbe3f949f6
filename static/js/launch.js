// The launch page: choosing another tenant is pressing its button; what is typed goes along with the form.

document.getElementById("id_to_tenant")?.addEventListener("change", (event) => {
  const button = document.getElementById(event.target.dataset.press);
  event.target.form.requestSubmit(button);
});
