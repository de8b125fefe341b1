// Shows what a colour does while it is chosen; the server works it out.
const field = document.querySelector("[data-preview]");
const shown = document.getElementById("accent-shown");
let asked = 0;
field?.addEventListener("input", async () => {
  const turn = ++asked;
  const answer = await fetch(`${field.dataset.preview}?accent=${encodeURIComponent(field.value)}`);
  if (answer.ok && turn === asked) shown.innerHTML = await answer.text();
});
