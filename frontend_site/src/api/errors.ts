/** What can go wrong with a request, and how it is said. */

/** The server could not be reached. */
export class NetworkError extends Error {
  override name = "NetworkError";
}

/** Refusals that stay until something else changes, though their status says to try again. */
const LASTING = ["quota-exceeded", "ceiling-reached", "too-many-uploads"];

/** The server said no: an RFC 9457 problem, or whatever else stood between. */
export class ApiError extends Error {
  override name = "ApiError";
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
    readonly retryAfter: number | null, // seconds
  ) {
    super(message);
  }

  static of(response: { status: number; headers: Headers }, body: unknown): ApiError {
    const problem: Partial<Record<string, unknown>> = typeof body === "object" && body !== null ? { ...body } : {};
    const text = (name: string) => (typeof problem[name] === "string" ? problem[name] : "");
    const seconds = Number(response.headers.get("Retry-After") ?? Number.NaN);
    const retryAfter = Number.isFinite(seconds) ? seconds : null;
    return new ApiError(response.status, text("code"), text("detail") || text("title"), retryAfter);
  }

  /** Whether the same request may succeed in a moment. A quota that is used up will not. */
  get passing(): boolean {
    return this.status >= 500 || (this.status === 429 && !LASTING.includes(this.code));
  }
}

// Of the API (lambdas/core/errors.py) and of the engine (model/serving/problems.py), which judges what was uploaded.
const OF_THE_FILE = new Set([
  ...["not-a-video", "too-large", "unsupported-type", "upload-missing", "upload-replaced"],
  ...["unreadable-video", "too-demanding", "too-long", "missing-object"],
]);

/** Whether a problem lies in the file, so that trying again with the same one is of no use. `code` as the API names it. */
export function isOfTheFile(code: string | undefined): boolean {
  return code !== undefined && OF_THE_FILE.has(code);
}

/** An error as a sentence for the user. */
export function explain(error: unknown): string {
  if (error instanceof NetworkError) return "The server cannot be reached. Check your connection and try again.";
  if (!(error instanceof ApiError)) return "Something failed on this page. Reload it and try again.";
  if (error.status === 401) return "Your session has ended. Sign in again.";
  if (error.passing && error.status === 429) return tooMany(error.retryAfter ?? 0);
  if (error.status >= 500) return "The server failed to answer. Try again in a moment.";
  return sentence(error.message) || "The server refused this.";
}

function tooMany(seconds: number): string {
  if (seconds <= 60) return "Too many requests at once. Wait a moment and try again.";
  return `Too many requests. Try again in ${String(Math.ceil(seconds / 60))} minutes.`;
}

/** "the file is empty" -> "The file is empty." */
export function sentence(text: string): string {
  const trimmed = text.trim();
  if (!trimmed) return "";
  return trimmed.charAt(0).toUpperCase() + trimmed.slice(1) + (/[.!?]$/.test(trimmed) ? "" : ".");
}
