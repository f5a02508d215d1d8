const NUMBER = /(\d+)$/;

/** Return one or two characters that stand for a name: "Ada Lovelace" -> "AL", "Speaker 2" -> "2". */
export function initialsOf(name: string): string {
  const number = NUMBER.exec(name)?.[1];
  if (number) return number.slice(-2);
  const words = name.split(/\s+/).filter((word) => /\p{L}/u.test(word));
  const picked = words.length > 1 ? [words[0], words.at(-1)] : words;
  return picked.map((word) => firstLetter(word ?? "").toLocaleUpperCase("en")).join("") || "?";
}

function firstLetter(word: string): string {
  return /\p{L}\p{M}*/u.exec(word)?.[0] ?? "";
}
