/** Where to go after signing in: a path of this site, never another site's. */
export function nextPage(search: string): string {
  const next = new URLSearchParams(search).get("next") ?? "";
  // A second slash or a backslash would make it another host.
  return /^\/(?![/\\])[^\s\\]*$/.test(next) ? next : "/dashboard/";
}
