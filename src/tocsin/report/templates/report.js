
"use strict";
for (const form of document.querySelectorAll("form.filter")) {
  const section = form.closest("section"), field = form.querySelector("input"), told = form.querySelector("output");
  const groups = [...section.querySelectorAll("details.group")];
  const apply = () => {
    const wanted = field.value.trim().toLowerCase();
    let count = 0;
    for (const group of groups) {
      const rule = group.querySelector(".rule").textContent.toLowerCase();
      let here = 0;
      for (const item of group.querySelectorAll("li")) {
        const hit = !wanted || rule.includes(wanted) || item.textContent.toLowerCase().includes(wanted);
        item.hidden = !hit;
        here += hit ? 1 : 0;
      }
      group.hidden = !here;
      if (wanted && here && here < 50) group.open = true;
      count += here;
    }
    told.textContent = wanted ? count.toLocaleString("en-GB") + " shown" : "";
  };
  form.hidden = false;
  form.addEventListener("submit", (event) => event.preventDefault());
  field.addEventListener("input", apply);
}
const reveal = () => {
  const target = location.hash.length > 1 && document.getElementById(decodeURIComponent(location.hash.slice(1)));
  const group = target && target.closest("details");
  if (group) { group.open = true; target.scrollIntoView(); }
};
addEventListener("hashchange", reveal);
reveal();
addEventListener("beforeprint", () => { for (const each of document.querySelectorAll("details")) each.open = true; });
