/** Save a blob as a file. */
export function download(content: Blob, name: string): void {
  const url = URL.createObjectURL(content);
  const link = document.createElement("a");
  link.href = url;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 60_000); // a large file may still be being written
}

/** "talk.mp4", "csv" -> "talk.csv". */
export function renamed(name: string, extension: string): string {
  return `${name.replace(/\.[^./]*$/, "")}.${extension}`;
}
