// What needs a passkey is shown where the browser knows of passkeys; a refusal is said on the page.
document.addEventListener("DOMContentLoaded", () => {
  if (window.PublicKeyCredential) {
    document.querySelectorAll("[data-needs-passkeys]").forEach((part) => { part.hidden = false; });
    document.querySelectorAll("[data-without-passkeys]").forEach((part) => { part.hidden = true; });
  }
});
document.addEventListener("allauth.error", (event) => {
  event.preventDefault();
  const notice = document.querySelector("[data-passkey-error]");
  if (notice) {
    notice.hidden = false;
    notice.focus();
  }
});
