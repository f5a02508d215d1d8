/** Return the page to open after signing in: always a path of this site. */
export function nextPage(search: string): string {
  const next = new URLSearchParams(search).get("next") ?? "";
  // A second slash or a backslash would lead to another host.
  return /^\/(?![/\\])[^\s\\]*$/.test(next) ? next : "/dashboard/";
}
