// Runs before the first paint: applies the stored color scheme; without one, the system's applies.
{
  const chosen = localStorage.getItem("theme");
  if (chosen === "light" || chosen === "dark") document.documentElement.dataset.theme = chosen;
}
