"use strict";
/* Copy buttons: shown only where a browser lets a page write to the clipboard. */
for (const button of document.querySelectorAll("[data-copy]")) {
	if (!navigator.clipboard) continue;
	button.hidden = false;
	button.addEventListener("click", async () => {
		await navigator.clipboard.writeText(document.querySelector(button.dataset.copy).innerText);
		button.textContent = button.dataset.done;
	});
}

/* Rows with a position: moved by buttons, or dragged by their handle. Without this script the number is typed. */
for (const group of document.querySelectorAll(".sorted")) {
	const body = group.querySelector("tbody");
	const rows = () => [...body.querySelectorAll(".form-row:not(.empty-form)")];
	const field = row => row.querySelector("[name$='-position']");
	if (!body.querySelector(".moves")) continue;
	group.classList.add("by-hand");
	for (const moves of body.querySelectorAll(".moves")) moves.hidden = false;

	function settle(row) {
		const all = rows();
		all.forEach((each, place) => { field(each).value = place; });
		const says = group.querySelector("[data-says]");
		says.textContent = says.dataset.says.replace("{place}", all.indexOf(row) + 1).replace("{all}", all.length);
	}

	body.addEventListener("click", event => {
		const button = event.target.closest("[data-move]");
		if (!button) return;
		const row = button.closest(".form-row"), all = rows();
		const other = all[all.indexOf(row) + Number(button.dataset.move)];
		if (other) button.dataset.move < 0 ? other.before(row) : other.after(row);
		settle(row);
		button.focus(); /* what moves in the page loses it */
		row.scrollIntoView({ block: "nearest" });
	});

	let dragged = null;
	body.addEventListener("pointerdown", event => {
		const row = event.target.closest(".form-row");
		if (row) row.draggable = Boolean(event.target.closest(".handle")); /* elsewhere text is selected */
	});
	body.addEventListener("dragstart", event => {
		dragged = event.target.closest(".form-row");
		event.dataTransfer.effectAllowed = "move";
		dragged.classList.add("dragged");
	});
	body.addEventListener("dragover", event => {
		const row = event.target.closest(".form-row:not(.empty-form)");
		if (!dragged || !row) return;
		event.preventDefault();
		const box = row.getBoundingClientRect();
		if (row !== dragged) event.clientY < box.top + box.height / 2 ? row.before(dragged) : row.after(dragged);
	});
	body.addEventListener("dragend", () => {
		dragged.classList.remove("dragged");
		dragged.draggable = false;
		settle(dragged);
		dragged = null;
	});
	document.addEventListener("formset:added", event => {
		if (body.contains(event.target)) field(event.target).value = rows().length - 1;
	});
}
