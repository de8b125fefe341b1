"use strict";
/* Rows with a place each: moved by buttons, or dragged by their handle. Without this script the places are typed.
   .sorted holds the list; data-ordered on the rows' parent says how the first place is counted. */
for (const group of document.querySelectorAll(".sorted")) {
	const list = group.querySelector("[data-ordered]"), says = group.querySelector("[data-says]");
	const place = row => row.querySelector("[data-place], .field-position input");
	const rows = () => [...list.children].filter(row => place(row) && !row.matches(".empty-form"));
	if (!list.querySelector(".moves")) continue;
	group.classList.add("by-hand");
	for (const moves of list.querySelectorAll(".moves")) moves.hidden = false;

	function settle(row) {
		const all = rows();
		all.forEach((each, index) => { place(each).value = index + Number(list.dataset.ordered); });
		says.textContent = says.dataset.says.replace("{place}", all.indexOf(row) + 1).replace("{all}", all.length);
	}

	list.addEventListener("click", event => {
		const button = event.target.closest("[data-move]");
		if (!button) return;
		const all = rows(), row = all.find(each => each.contains(button)), step = Number(button.dataset.move);
		const other = all[all.indexOf(row) + step];
		if (other) step < 0 ? other.before(row) : other.after(row);
		settle(row);
		button.focus(); /* what moves in the page loses it */
		row.scrollIntoView({ block: "nearest" });
	});

	let dragged = null;
	list.addEventListener("pointerdown", event => {
		const row = rows().find(each => each.contains(event.target));
		if (row) row.draggable = Boolean(event.target.closest(".handle")); /* elsewhere text is selected */
	});
	list.addEventListener("dragstart", event => {
		dragged = rows().find(each => each === event.target);
		if (!dragged) return; /* a picture, or words */
		event.dataTransfer.effectAllowed = "move";
		dragged.classList.add("dragged");
	});
	list.addEventListener("dragover", event => {
		const row = rows().find(each => each.contains(event.target));
		if (!dragged || !row) return;
		event.preventDefault();
		const box = row.getBoundingClientRect();
		if (row !== dragged) event.clientY < box.top + box.height / 2 ? row.before(dragged) : row.after(dragged);
	});
	list.addEventListener("dragend", () => {
		if (!dragged) return;
		dragged.classList.remove("dragged");
		dragged.draggable = false;
		settle(dragged);
		dragged = null;
	});
	document.addEventListener("formset:added", event => {
		if (list.contains(event.target)) place(event.target).value = rows().length - 1 + Number(list.dataset.ordered);
	});
}
