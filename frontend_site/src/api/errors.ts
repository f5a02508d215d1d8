/** Errors of API requests, and the messages that users see for them. */

/** The server could not be reached. */
export class NetworkError extends Error {
  override name = "NetworkError";
}

/** Codes of refusals that a retry does not resolve, although their status is 429. */
const NOT_RETRYABLE = ["quota-exceeded", "ceiling-reached", "too-many-uploads"];

/** An error response: an RFC 9457 problem, or the response of a proxy in between. */
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

  /** True if the same request may succeed shortly. */
  get retryable(): boolean {
    return this.status >= 500 || (this.status === 429 && !NOT_RETRYABLE.includes(this.code));
  }
}

// Codes of the API (lambdas/core/errors.py) and of the engine (model/serving/problems.py).
const FILE_PROBLEMS = new Set([
  ...["not-a-video", "too-large", "unsupported-type", "upload-missing", "upload-replaced"],
  ...["unreadable-video", "too-demanding", "too-long", "missing-object"],
]);

/** True if the file causes the problem, so that a retry with the same file cannot succeed. `code` is the API's. */
export function isFileProblem(code: string | undefined): boolean {
  return code !== undefined && FILE_PROBLEMS.has(code);
}

/** Return the message that users see for an error. */
export function explain(error: unknown): string {
  if (error instanceof NetworkError) return "Can't reach the server. Check your connection and try again.";
  if (!(error instanceof ApiError)) return "Something went wrong. Reload the page and try again.";
  if (error.status === 401) return "Your session has ended. Sign in again.";
  if (error.retryable && error.status === 429) return rateLimited(error.retryAfter ?? 0);
  if (error.status >= 500) return "The server had a problem. Try again in a moment.";
  return sentence(error.message) || "The server rejected this request.";
}

function rateLimited(seconds: number): string {
  if (seconds <= 60) return "Too many requests. Wait a moment and try again.";
  return `Too many requests. Try again in ${String(Math.ceil(seconds / 60))} minutes.`;
}

/** Capitalize and punctuate a message: "the file is empty" -> "The file is empty." */
export function sentence(text: string): string {
  const trimmed = text.trim();
  if (!trimmed) return "";
  return trimmed.charAt(0).toUpperCase() + trimmed.slice(1) + (/[.!?]$/.test(trimmed) ? "" : ".");
}
