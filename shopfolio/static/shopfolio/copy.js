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
