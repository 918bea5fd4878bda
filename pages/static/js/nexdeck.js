// Keyboard: an element with data-key="x" is focused (a field) or pressed (anything else) when x is typed outside of fields.
document.addEventListener("keydown", (event) => {
  if (event.metaKey || event.ctrlKey || event.altKey || event.defaultPrevented) return;
  if (event.target.closest("input, textarea, select, [contenteditable], .q-dialog, .q-menu")) return;
  if (document.querySelector(".q-dialog")) return;
  const wanted = [...document.querySelectorAll("[data-key]")].find(
    (element) => element.dataset.key.split(" ").includes(event.key) && element.offsetParent !== null
  );
  if (!wanted) return;
  event.preventDefault();
  if (wanted.matches("input")) {
    wanted.focus();
    wanted.select();
  } else {
    wanted.click();
  }
});
