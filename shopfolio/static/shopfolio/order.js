// Rows with a place each are moved by buttons, and by drag; without this script the places are typed.
// A list says so by data-ordered, the field for the place by data-place. What moved is said in a live region.
for (const list of document.querySelectorAll("[data-ordered]")) {
  const said = Object.assign(document.createElement("p"), { className: "said" });
  said.setAttribute("role", "status");
  list.after(said);
  const rows = () => [...list.children];
  const number = () => rows().forEach((row, index) => { row.querySelector("[data-place]").value = index + 1; });

  const move = (row, to) => {
    const others = rows().filter((other) => other !== row);
    if (to < 0 || to > others.length) return;
    list.insertBefore(row, others[to] ?? null);
    number();
    said.textContent = `${row.querySelector("[data-place]").getAttribute("aria-label")}: ${to + 1}`;
  };

  const button = (row, sign, step) => {
    const field = row.querySelector("[data-place]");
    const made = Object.assign(document.createElement("button"), { type: "button", textContent: sign });
    made.setAttribute("aria-label", `${field.getAttribute("aria-label")} ${sign}`);
    made.addEventListener("click", () => { move(row, rows().indexOf(row) + step); made.focus(); });
    return made;
  };

  for (const row of rows()) {
    const field = row.querySelector("[data-place]");
    field.closest(".place").hidden = true;
    row.append(button(row, "↑", -1), button(row, "↓", 1));
    row.draggable = true;
    row.addEventListener("dragstart", (event) => { event.dataTransfer.effectAllowed = "move"; list.dragged = row; });
    row.addEventListener("dragover", (event) => { if (list.dragged) event.preventDefault(); });
    row.addEventListener("drop", (event) => {
      event.preventDefault();
      if (list.dragged && list.dragged !== row) move(list.dragged, rows().indexOf(row));
      list.dragged = null;
    });
  }
}
