// Runs before the first paint: applies the stored color scheme; without one, the system's applies.
try {
  const chosen = localStorage.getItem("theme");
  if (chosen === "light" || chosen === "dark") document.documentElement.dataset.theme = chosen;
} catch {
  // A page in another site's frame may have no storage.
}
