// The small piece of work that tells people from floods: begun when the form opens, ready before it is filled in.
(() => {
  const form = document.querySelector("form[data-proof]");
  if (!form || !window.Worker) return;
  const field = form.elements.namedItem("proof");
  const says = form.querySelector("[data-proof-says]");
  let waiting = false;
  const worker = new Worker(form.dataset.worker);
  worker.addEventListener("message", (event) => {
    field.value = event.data;
    says.textContent = "";
    worker.terminate();
    if (waiting) form.requestSubmit();
  });
  worker.addEventListener("error", () => {
    field.value = "none"; // sent without: somebody checks the report first
    if (waiting) form.requestSubmit();
  });
  field.value = "";
  worker.postMessage({ challenge: form.dataset.proof, bits: Number(form.dataset.bits) });
  form.addEventListener("submit", (event) => {
    if (field.value) return;
    event.preventDefault();
    waiting = true;
    says.textContent = "One moment: your browser does a small piece of work, then the report is sent.";
  });
})();
