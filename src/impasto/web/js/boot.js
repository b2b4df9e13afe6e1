/* Runs before anything is shown, so that the page never flashes in the wrong theme. */
try {
  const theme = localStorage.getItem("impasto.theme");
  if (theme) document.documentElement.dataset.theme = theme;
} catch {
  // Storage is switched off: the system's theme it is.
}
