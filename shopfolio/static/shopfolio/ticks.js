"use strict";
/* What is made in the little window of "Add" gets a ticked box at once. Django's own script knows lists only. */
const dismiss = window.dismissAddRelatedObjectPopup;
window.dismissAddRelatedObjectPopup = (popup, key, name) => {
	const boxes = document.getElementById(popup.name.replace(/__\d+$/, ""));
	if (boxes?.matches(".ticks")) {
		const label = document.createElement("label"), field = boxes.dataset.name;
		label.append(Object.assign(document.createElement("input"), { type: "checkbox", name: field, value: key, checked: true }), ` ${name}`);
		boxes.prepend(label);
		boxes.scrollTop = 0;
	}
	dismiss(popup, key, name);
};

/* Above a long list a box that leaves what has its letters. It has no name, and is not sent. */
for (const find of document.querySelectorAll("[data-ticks]")) {
	const plain = text => text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();
	find.hidden = false;
	find.addEventListener("input", () => {
		const letters = plain(find.value.trim());
		for (const label of document.getElementById(find.dataset.ticks).querySelectorAll("label"))
			label.hidden = !plain(label.textContent).includes(letters);
	});
	find.addEventListener("keydown", event => { if (event.key === "Enter") event.preventDefault(); });
}
