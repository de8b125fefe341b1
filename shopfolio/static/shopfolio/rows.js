// One line of boxes more; without this script there are two spare ones each time.
for (const table of document.querySelectorAll("[data-rows]")) {
  const add = table.nextElementSibling;
  add.hidden = false;
  add.addEventListener("click", () => {
    const body = table.tBodies[0];
    const row = body.rows[0].cloneNode(true);
    for (const box of row.querySelectorAll("input")) {
      box.value = "";
      box.name = box.name.replace(/-\d+-/, `-${body.rows.length}-`);
      box.setAttribute("aria-label", box.getAttribute("aria-label").replace(/\d+$/, body.rows.length + 1));
    }
    body.append(row);
    row.querySelector("input").focus();
  });
}
