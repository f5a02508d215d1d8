/** Errors of the client: one base class, and one class for each way to react. */

/** Base class of all errors that this package throws. */
export class VideoSentimentError extends Error {
  override name = "VideoSentimentError";
}

/** Missing or malformed address or API key. */
export class ConfigurationError extends VideoSentimentError {
  override name = "ConfigurationError";
}

/** The server could not be reached, or the connection was lost. */
export class NetworkError extends VideoSentimentError {
  override name = "NetworkError";
}

/** The object store refused a file or did not return one. */
export class StorageError extends VideoSentimentError {
  override name = "StorageError";
  constructor(
    message: string,
    readonly status: number,
  ) {
    super(message);
  }
}

/** The analysis failed or was cancelled; it was not charged. */
export class AnalysisFailedError extends VideoSentimentError {
  override name = "AnalysisFailedError";
  constructor(
    readonly id: string,
    readonly code: string,
    readonly reason: string,
  ) {
    super(`analysis ${id} failed: ${reason} (${code})`);
  }
}

/** The analysis took longer than the timeout of `wait`. It continues. */
export class WaitTimeoutError extends VideoSentimentError {
  override name = "WaitTimeoutError";
  constructor(
    readonly id: string,
    readonly status: string,
    seconds: number,
  ) {
    super(`analysis ${id} is still ${status} after ${String(seconds)} seconds; wait for it again`);
  }
}

/** The event was not signed with the secret, or is too old. */
export class SignatureError extends VideoSentimentError {
  override name = "SignatureError";
}

/** A problem document (RFC 9457) of the API. `problem` holds all of its members. */
export class ApiError extends VideoSentimentError {
  override name = "ApiError";
  readonly code: string;
  readonly title: string;
  readonly detail: string;
  readonly requestId: string;
  constructor(
    readonly status: number,
    readonly problem: Readonly<Record<string, unknown>>,
    readonly retryAfter: number | null, // seconds
  ) {
    const text = (name: string) => (typeof problem[name] === "string" ? problem[name] : "");
    const title = text("title") || "The request was refused";
    const detail = text("detail");
    const origin = [`${String(status)} ${text("code")}`.trim()];
    if (text("requestId")) origin.push(`request ${text("requestId")}`);
    super(`${detail && detail !== title ? `${title}: ${detail}` : title} (${origin.join(", ")})`);
    this.code = text("code");
    this.title = title;
    this.detail = detail;
    this.requestId = text("requestId");
  }
}

/** The request or its file was not accepted (400, 413, 415, 422 and other 4xx). */
export class BadRequestError extends ApiError {
  override name = "BadRequestError";
}

/** The API key is missing, wrong, expired or revoked (401). */
export class AuthenticationError extends ApiError {
  override name = "AuthenticationError";
}

/** The API key lacks the scope, or the account has been deleted (403). */
export class PermissionDeniedError extends ApiError {
  override name = "PermissionDeniedError";
}

/** Not found, or owned by another account (404). */
export class NotFoundError extends ApiError {
  override name = "NotFoundError";
}

/** The state of the analysis or upload does not allow it (409). */
export class ConflictError extends ApiError {
  override name = "ConflictError";
}

/** Too many requests or pending uploads; `retryAfter` says when to retry (429). */
export class RateLimitError extends ApiError {
  override name = "RateLimitError";
}

/** The monthly quota of the account or of the service is used up (429). */
export class QuotaExceededError extends RateLimitError {
  override name = "QuotaExceededError";
}

/** Server error (5xx). */
export class ServerError extends ApiError {
  override name = "ServerError";
}

const QUOTA_CODES: readonly unknown[] = ["quota-exceeded", "ceiling-reached"];
const BY_STATUS = new Map<number, typeof ApiError>([
  [401, AuthenticationError],
  [403, PermissionDeniedError],
  [404, NotFoundError],
  [409, ConflictError],
  [429, RateLimitError],
]);

/** The error of a refused request, given the text of the response. */
export function errorOf(response: Response, text: string): VideoSentimentError {
  const problem = parsed(text);
  if (problem["code"] === "analysis-failed") {
    const [id, reason, detail] = [problem["id"], problem["reason"], problem["detail"]].map((each) => String(each));
    return new AnalysisFailedError(id ?? "", reason ?? "", detail ?? "");
  }
  let kind = BY_STATUS.get(response.status) ?? (response.status >= 500 ? ServerError : BadRequestError);
  if (kind === RateLimitError && QUOTA_CODES.includes(problem["code"])) kind = QuotaExceededError;
  return new kind(response.status, problem, retryAfter(response));
}

/** Seconds of a response's Retry-After header; null without one, or if it holds a date. */
export function retryAfter(response: Response): number | null {
  const value = response.headers.get("Retry-After")?.trim() ?? "";
  return /^[0-9]+$/.test(value) ? Number(value) : null;
}

/** A problem document; {} for anything else, such as a proxy's page. */
function parsed(text: string): Record<string, unknown> {
  try {
    const body: unknown = JSON.parse(text);
    return typeof body === "object" && body !== null && !Array.isArray(body) ? { ...body } : {};
  } catch {
    return {};
  }
}
