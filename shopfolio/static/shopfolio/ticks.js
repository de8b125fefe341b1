"use strict";
/* What is made in the little window of "Add" gets a ticked box at once. Django's own script knows lists only. */
const dismiss = window.dismissAddRelatedObjectPopup;
window.dismissAddRelatedObjectPopup = (popup, key, name) => {
	const boxes = document.getElementById(popup.name.replace(/__\d+$/, ""));
	if (boxes?.matches(".ticks")) {
		const label = document.createElement("label"), field = boxes.dataset.name;
		label.append(Object.assign(document.createElement("input"), { type: "checkbox", name: field, value: key, checked: true }), ` ${name}`);
		boxes.append(label);
	}
	dismiss(popup, key, name);
};
