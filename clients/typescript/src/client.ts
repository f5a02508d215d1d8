/** The client: one method for each operation of the API. */

import { AnalysisFailedError, ConflictError, StorageError, WaitTimeoutError } from "./errors.js";
import { Api, Http } from "./http.js";
import type {
  Analysis,
  AnalysisDetail,
  AuditEvent,
  CompletedAnalysis,
  DeletedAnalysis,
  Delivery,
  ExportFormat,
  NewShare,
  PendingUpload,
  PeopleEdits,
  Redelivery,
  Result,
  Schemas,
  Share,
  StartedAnalysis,
  Status,
  Usage,
  VideoUrl,
} from "./types.js";
import { upload, type Upload, type UploadOptions, type VideoSource } from "./uploads.js";

export interface ClientOptions {
  /** The address of the deployment. */
  baseUrl: string;
  apiKey: string;
  /** Maximum number of retries of a request. */
  maxRetries?: number;
  /** Size in bytes above which a file is uploaded in parts. */
  partThreshold?: number;
  fetch?: typeof fetch;
}

export interface StartOptions {
  fileName?: string;
  /** Receives this analysis's event instead of the account's webhook. */
  webhookUrl?: string;
  /** Whether to tell people apart by their voices; by default if the account's owner has confirmed a lawful basis. */
  people?: boolean;
  /** Seconds, 25 at most, to hold the request on the server; the response has the result if it was completed by then. */
  wait?: number;
  signal?: AbortSignal;
}

export interface WaitOptions {
  /** Seconds. */
  timeout?: number;
  /** Called when the analysis's status, position or progress has changed. */
  onUpdate?: (analysis: AnalysisDetail) => void;
  signal?: AbortSignal;
}

export interface ShareOptions {
  /** Hours, 1 to 2,160 (90 days); 7 days if not given. */
  expiresInHours?: number;
  /** True to let readers play the video. */
  includeVideo?: boolean;
}

const SHARE_HOURS = 7 * 24;
const FIRST_PAUSE = 1_000;
const LONGEST_PAUSE = 5_000; // milliseconds between two requests for an analysis
const LONGEST_WAIT = 25; // seconds

/** A client of one deployment, for one API key. Methods may throw NetworkError, or ApiError if the API refuses a request. */
export class Client {
  readonly #api: Api;
  readonly #partThreshold: number;

  /** Throws ConfigurationError. */
  constructor({ baseUrl, apiKey, maxRetries = 4, partThreshold = 32_000_000, ...rest }: ClientOptions) {
    this.#api = new Api(baseUrl, apiKey, new Http(maxRetries, rest.fetch ?? fetch));
    this.#partThreshold = partThreshold;
  }

  /** Upload a video, start its analysis and wait for the result. Throws the errors of `upload`, `start` and `wait`. */
  async analyze(
    source: VideoSource,
    options: UploadOptions & WaitOptions & Pick<StartOptions, "webhookUrl" | "people"> = {},
  ): Promise<CompletedAnalysis> {
    const held = options.onUpdate || options.timeout !== undefined ? 0 : LONGEST_WAIT;
    const sent = await this.upload(source, options);
    const { webhookUrl, people, signal } = options;
    const { id } = await this.start(sent, { wait: held, webhookUrl, people, signal });
    return this.wait(id, options);
  }

  /** Upload a video. Throws StorageError, or TypeError if it has no name. */
  upload(source: VideoSource, options: UploadOptions = {}): Promise<Upload> {
    return upload(this.#api, source, options, this.#partThreshold);
  }

  /**
   * Start the analysis of an upload, given as such or by its key. May be repeated: the same upload has one analysis and
   * one charge. Throws AnalysisFailedError where it failed while the request was held.
   */
  async start(given: Upload | string, options: StartOptions = {}): Promise<StartedAnalysis> {
    const { key, fileName } = typeof given === "string" ? { key: given, fileName: undefined } : given;
    const body: Schemas["InferenceRequest"] = {
      key,
      fileName: options.fileName ?? fileName,
      webhookUrl: options.webhookUrl,
      people: options.people,
    };
    const wait = Math.min(LONGEST_WAIT, Math.round(options.wait ?? 0));
    const headers = { Prefer: wait > 0 ? `wait=${String(wait)}` : "respond-async" };
    type Answer = Schemas["Accepted"] | Schemas["InferenceResult"];
    const answer = await this.#api.post<Answer>("/sentiment-inference", body, { headers, signal: options.signal });
    if ("analysis" in answer) return { id: answer.id, status: "completed", analysis: answer.analysis };
    return { id: answer.id, status: answer.status, analysis: null };
  }

  /** Wait until an analysis is completed. Throws AnalysisFailedError, or WaitTimeoutError after `timeout` seconds. */
  async wait(id: string, { timeout, onUpdate, signal }: WaitOptions = {}): Promise<CompletedAnalysis> {
    const began = Date.now();
    let shown = "";
    for (let pause = FIRST_PAUSE; ; pause = Math.min(LONGEST_PAUSE, 1.5 * pause)) {
      const analysis = await this.get(id, { signal });
      const state = JSON.stringify([analysis.status, analysis.position, analysis.progress]);
      if (state !== shown) onUpdate?.(analysis);
      shown = state;
      if (analysis.status === "completed" || analysis.status === "failed") return this.#completed(analysis, signal);
      if (timeout !== undefined && Date.now() - began + pause > 1000 * timeout) {
        throw new WaitTimeoutError(id, analysis.status, timeout);
      }
      await this.#api.http.sleep(pause, signal);
    }
  }

  /** Get an analysis with its progress, or with its result in `analysis`. */
  get(id: string, { signal }: { signal?: AbortSignal } = {}): Promise<AnalysisDetail> {
    return this.#api.get<AnalysisDetail>(path(id), {}, signal);
  }

  /** Get the result of a completed analysis, whatever its length. Throws AnalysisFailedError or ConflictError. */
  async result(id: string): Promise<Result> {
    return (await this.#completed(await this.get(id))).analysis;
  }

  /** Get the result of a completed analysis as the text of a file. Throws ConflictError if there is none. */
  async export(id: string, format: ExportFormat): Promise<string> {
    if (format === "json") return this.#stored(await this.get(id));
    return this.#api.text(path(id), { format });
  }

  /** Iterate over all analyses, newest first, or those of one status, or of a month such as `2026-11`. */
  async *analyses({
    status,
    month,
    pageSize = 25,
  }: { status?: Status; month?: string; pageSize?: number } = {}): AsyncGenerator<Analysis> {
    const pages = this.#pages<Schemas["AnalysisPage"]>("/analyses", { status, month, limit: pageSize });
    for await (const page of pages) yield* page.analyses;
  }

  /**
   * Name the people of a completed analysis by `id`, and merge those who are one: `{ S3: "S1" }`. Replaces all names and
   * merges. Throws BadRequestError for people that the result lacks, and ConflictError if there is none yet.
   */
  editPeople(id: string, { names = {}, merged = {} }: Partial<PeopleEdits>): Promise<PeopleEdits> {
    return this.#api.put(`${path(id)}/people`, { names, merged });
  }

  /** Cancel an analysis that is queued or processing. It is not charged. */
  cancel(id: string): Promise<Analysis> {
    return this.#api.post(`${path(id)}/cancel`, undefined);
  }

  /** Retry a failed analysis, charged like a new one. An analysis that has not failed is unchanged. */
  retry(id: string): Promise<Analysis> {
    return this.#api.post(`${path(id)}/retry`, undefined);
  }

  /** Delete an analysis with its video and result. It can be restored for some minutes. */
  delete(id: string): Promise<DeletedAnalysis> {
    return this.#api.delete(path(id));
  }

  /** Restore a deleted analysis. Throws ConflictError once it has been removed permanently. */
  restore(id: string): Promise<Analysis> {
    return this.#api.post(`${path(id)}/restore`, undefined);
  }

  /** Get a URL that plays the video of an analysis. */
  videoUrl(id: string): Promise<VideoUrl> {
    return this.#api.get(`${path(id)}/video`, {});
  }

  /**
   * Create a read-only link to a completed analysis: its `url` opens it for anyone, without an account. Not repeated
   * without an answer, as a lost one would leave a link that nobody knows.
   */
  share(id: string, { expiresInHours = SHARE_HOURS, includeVideo = false }: ShareOptions = {}): Promise<NewShare> {
    return this.#api.post(`${path(id)}/shares`, { expiresInHours, includeVideo }, { repeatable: false });
  }

  /** List the links to an analysis, newest first. */
  async shares(id: string): Promise<Share[]> {
    return (await this.#api.get<Schemas["ShareList"]>(`${path(id)}/shares`, {})).shares;
  }

  /** Revoke a link to an analysis. It is invalid at once. */
  async revokeShare(id: string, shareId: string): Promise<void> {
    await this.#api.delete(`${path(id)}/shares/${encodeURIComponent(shareId)}`);
  }

  /** Get the quota usage in a month such as `2026-11`, by default the current one. */
  usage(month?: string): Promise<Usage> {
    return this.#api.get("/usage", { month });
  }

  /** Iterate over the account's audit events of the last 90 days, newest first. */
  async *auditLog({ pageSize = 25 }: { pageSize?: number } = {}): AsyncGenerator<AuditEvent> {
    for await (const page of this.#pages<Schemas["AuditPage"]>("/audit-log", { limit: pageSize })) yield* page.events;
  }

  /** Iterate over the attempts to deliver webhook events in the last 30 days, newest first. */
  async *deliveries({ pageSize = 25 }: { pageSize?: number } = {}): AsyncGenerator<Delivery> {
    const pages = this.#pages<Schemas["DeliveryPage"]>("/webhook/deliveries", { limit: pageSize });
    for await (const page of pages) yield* page.deliveries;
  }

  /** Deliver an event of the delivery log once more. May be repeated: each attempt is redelivered once. */
  redeliver(id: string): Promise<Redelivery> {
    return this.#api.post(`/webhook/deliveries/${encodeURIComponent(id)}/redeliver`, undefined);
  }

  /** List the pending uploads, from which no analysis has been started. */
  async pendingUploads(): Promise<PendingUpload[]> {
    return (await this.#api.get<Schemas["PendingUploads"]>("/uploads", {})).uploads;
  }

  /** Abandon a pending upload and delete its data. */
  async abandonUpload(id: string): Promise<void> {
    await this.#api.delete(`/uploads/${encodeURIComponent(id)}`);
  }

  async *#pages<Page extends { cursor: string | null }>(
    list: string,
    query: Record<string, string | number | undefined>,
  ): AsyncGenerator<Page> {
    let cursor: string | null = null;
    do {
      const page: Page = await this.#api.get(list, { ...query, cursor: cursor ?? undefined });
      yield page;
      cursor = page.cursor;
    } while (cursor !== null);
  }

  async #completed(analysis: AnalysisDetail, signal?: AbortSignal): Promise<CompletedAnalysis> {
    const result = analysis.analysis ?? (JSON.parse(await this.#stored(analysis, signal)) as Result);
    return { ...analysis, analysis: result };
  }

  /** The stored result. Throws AnalysisFailedError, or ConflictError if there is none yet. */
  async #stored({ id, error, resultUrl, status }: AnalysisDetail, signal?: AbortSignal): Promise<string> {
    if (error) throw new AnalysisFailedError(id, error.code, error.message);
    if (!resultUrl) {
      const problem = {
        code: "not-finished",
        title: "The analysis has no result",
        detail: `the analysis is ${status}`,
      };
      throw new ConflictError(409, problem, null);
    }
    const { response, text } = await this.#api.http.exchange({
      method: "GET",
      url: resultUrl,
      repeatable: true,
      signal,
    });
    if (!response.ok)
      throw new StorageError(`the store did not return the result (${String(response.status)})`, response.status);
    return text;
  }
}

function path(id: string): string {
  return `/analyses/${encodeURIComponent(id)}`;
}
