// What pages do beyond links and forms; each works without it, by one click more.
(() => {
  const drop = (form) => (name, value) => value === "" && form.matches("[data-sparse]");

  // Addresses of filtered lists name only what was asked for.
  document.addEventListener("htmx:configRequest", (event) => {
    const { elt, parameters } = event.detail;
    if (!(elt instanceof HTMLFormElement)) return;
    const empty = drop(elt);
    for (const name of Object.keys(parameters)) if (empty(name, parameters[name])) delete parameters[name];
  });
  document.addEventListener("formdata", (event) => {
    const empty = drop(event.target);
    for (const [name, value] of [...event.formData]) if (empty(name, value)) event.formData.delete(name);
  });

  // Choosing rows: all of the page at once, and how many are chosen.
  const boxes = () => [...document.querySelectorAll("#chosen input[name=chosen]")];
  const count = () => {
    const chosen = boxes().filter((box) => box.checked).length;
    const all = document.querySelector("[data-choose-all]");
    const said = document.querySelector("[data-chosen]");
    if (all) {
      all.hidden = false;
      all.checked = chosen > 0 && chosen === boxes().length;
      all.indeterminate = chosen > 0 && !all.checked;
    }
    if (said) said.textContent = chosen ? `${chosen} chosen` : "";
  };
  document.addEventListener("change", (event) => {
    if (event.target.matches("[data-choose-all]")) boxes().forEach((box) => { box.checked = event.target.checked; });
    count();
  });
  document.addEventListener("htmx:load", count);
  document.addEventListener("DOMContentLoaded", count);

  // Menus close by Escape and by a click elsewhere.
  const menus = () => document.querySelectorAll("details.list-menu[open], details.nav-menu[open]");
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    menus().forEach((menu) => { menu.open = false; menu.querySelector("summary").focus(); });
  });
  document.addEventListener("click", (event) => {
    menus().forEach((menu) => { if (!menu.contains(event.target)) menu.open = false; });
  });
})();
