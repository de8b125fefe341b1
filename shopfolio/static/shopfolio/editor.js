"use strict";
/* The editor's box has the name of its field, which the package leaves out. It is made after the page. */
if (document.querySelector("[data-django-prose-editor-configurable]")) {
	const observer = new MutationObserver(() => {
		const box = document.querySelector(".prose-editor .tiptap");
		if (!box) return;
		const label = box.closest(".form-row").querySelector("label");
		if (label) box.setAttribute("aria-label", label.innerText.replace(/:\s*$/, ""));
		observer.disconnect();
	});
	observer.observe(document.body, { childList: true, subtree: true });
}
