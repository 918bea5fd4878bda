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

// Enter in a field of a dialog, or of what has data-form, presses its one button that finishes it; in a text of several
// lines Enter begins a line, Ctrl or Cmd with it finishes. What used the key itself (a choice, an editor) keeps it.
document.addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || event.isComposing || event.defaultPrevented) return;
  if (!event.target.matches("input:not([type=checkbox]):not([type=radio]), textarea")) return;
  const needsMore = event.target.matches("textarea");
  if (needsMore !== (event.ctrlKey || event.metaKey)) return;
  const form = event.target.closest(".modal, [data-form]");
  const finish = form?.querySelector(".modal-foot .btn.primary:not(.disabled), [data-finish]");
  if (!finish) return;
  event.preventDefault();
  event.target.dispatchEvent(new Event("change", { bubbles: true })); // what is typed is held back for a moment
  finish.click();
});
