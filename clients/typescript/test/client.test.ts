import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { readFileSync } from "node:fs";
import { afterEach, beforeEach, test } from "node:test";

import * as api from "../src/index.js";
import { FakeServer, problem } from "./server.js";

const KEY = "vs_abcdefgh_0123456789";
const ID = "k3v7q2m5x4n6pbcdt2w7y2z3ab";
const DOCUMENT = JSON.parse(readFileSync(new URL("../../../../docs/openapi.json", import.meta.url), "utf8")) as {
  components: { schemas: Record<string, { examples?: [Record<string, unknown>] }> };
};

let server: FakeServer;

beforeEach(async () => {
  server = await FakeServer.start();
});
afterEach(() => server.close());

function client(more: Partial<api.ClientOptions> = {}): api.Client {
  return new api.Client({ baseUrl: server.url, apiKey: KEY, ...more });
}

function example(name: string, changes: Record<string, unknown> = {}): Record<string, unknown> {
  return { ...DOCUMENT.components.schemas[name]?.examples?.[0], ...changes };
}

const video = new Blob([Buffer.alloc(1_000_000, "video")]);
const named = { fileName: "talk.mp4" };

function ticket(name: string, expiresIn = 900): object {
  const headers = { "Content-Type": "video/mp4", "Content-Length": String(video.size) };
  return { url: `${server.url}/store/${name}?signature=s`, key: `uploads/${name}`, headers, expiresIn };
}

function inParts(): void {
  const begun = { key: "uploads/f", partSize: 400_000, parts: 3 };
  server.on("POST /api/multipart-uploads", { status: 201, body: begun });
  server.on("POST /api/multipart-uploads/parts", {
    body: { parts: [{ partNumber: 1, url: `${server.url}/store/part` }] },
  });
  server.on("POST /api/multipart-uploads/complete", { body: { key: "uploads/f" } });
  server.on("POST /api/multipart-uploads/abort", { status: 204 });
  server.on("PUT /store/part", { headers: { ETag: '"e"' } });
}

test("an upload arrives whole, at the store alone, without the key", async () => {
  server.on("POST /api/upload-url", { body: ticket("a") });
  server.on("PUT /store/a", {});
  const told: number[] = [];
  const sent = await client().upload(video, { ...named, onProgress: (bytes) => told.push(bytes) });
  assert.deepEqual(sent, { key: "uploads/a", fileName: "talk.mp4" });
  assert.deepEqual(server.json(0), { fileType: ".mp4", fileSize: video.size });
  const [put] = server.asked("PUT /store/a");
  assert.equal(put?.body.length, video.size);
  assert.equal(put.headers["content-length"], String(video.size));
  assert.equal(put.headers.authorization, undefined);
  assert.equal(server.seen[0]?.headers.authorization, `Bearer ${KEY}`);
  assert.deepEqual(told, [0, video.size]);
});

test("names of people are replaced as a whole", async () => {
  const edits = { names: { S1: "Anna" }, merged: {} };
  const busy = { status: 503, headers: { "Retry-After": "0" } };
  server.on(`PUT /api/analyses/${ID}/people`, busy, { body: edits });
  assert.deepEqual(await client().editPeople(ID, { names: { S1: "Anna" } }), edits);
  assert.deepEqual(server.json(1), edits);
});

test("a broken upload is sent again to the same URL", async () => {
  server.on("POST /api/upload-url", { body: ticket("a") });
  server.on("PUT /store/a", { cutAfter: 1000 }, { status: 503, headers: { "Retry-After": "0" } }, {});
  await client().upload(video, named);
  assert.equal(server.asked("POST /api/upload-url").length, 1);
});

test("another URL is asked for once one has expired, and a refusal is one", async () => {
  server.on("POST /api/upload-url", { body: ticket("a", 0) }, { body: ticket("b") });
  server.on("PUT /store/a", { status: 403 });
  server.on("PUT /store/b", {}, { status: 403 });
  assert.equal((await client().upload(video, named)).key, "uploads/b");
  await assert.rejects(client().upload(video, named), api.StorageError);
});

test("a large file goes in parts, each sent again alone", async () => {
  inParts();
  server.on("PUT /store/part", { cutAfter: 1000 }, { headers: { ETag: '"e"' } });
  const told: number[] = [];
  const sent = await client({ partThreshold: 500_000 }).upload(video, {
    ...named,
    onProgress: (bytes) => told.push(bytes),
  });
  assert.equal(sent.key, "uploads/f");
  assert.equal(told.at(-1), video.size);
  assert.deepEqual(
    server
      .asked("PUT /store/part")
      .map((seen) => seen.body.length)
      .sort(),
    [200_000, 400_000, 400_000],
  );
  const completed = JSON.parse(server.asked("POST /api/multipart-uploads/complete")[0]?.body.toString() ?? "");
  assert.deepEqual(
    completed.parts,
    [1, 2, 3].map((partNumber) => ({ partNumber, etag: '"e"' })),
  );
});

test("parts that were sent in vain are given up", async () => {
  inParts();
  server.on("PUT /store/part", { status: 400 });
  await assert.rejects(client({ partThreshold: 500_000 }).upload(video, named), api.StorageError);
  assert.equal(server.asked("POST /api/multipart-uploads/abort").length, 1);
});

test("a file needs a name; a File brings its own", async () => {
  await assert.rejects(client().upload(video), TypeError);
  server.on("POST /api/upload-url", { body: ticket("a") });
  server.on("PUT /store/a", {});
  assert.equal((await client().upload(new File([video], "own.mp4"))).fileName, "own.mp4");
});

test("starting sends what was given, and keeps a result that comes at once", async () => {
  server.on(
    "POST /api/sentiment-inference",
    { status: 202, body: example("Accepted", { status: "queued" }) },
    { body: example("InferenceResult") },
  );
  assert.equal((await client().start("uploads/a")).status, "queued");
  const started = await client().start(
    { key: "uploads/a", fileName: "a.mp4" },
    { wait: 99, webhookUrl: "https://x.example/" },
  );
  assert.equal(started.analysis?.language, "en");
  assert.deepEqual(server.json(0), { key: "uploads/a" });
  assert.deepEqual(server.json(1), { key: "uploads/a", fileName: "a.mp4", webhookUrl: "https://x.example/" });
  assert.deepEqual(
    [server.seen[0]?.headers["prefer"], server.seen[1]?.headers["prefer"]],
    ["respond-async", "wait=25"],
  );
});

test("waiting tells each change once and ends with the result, fetched where it is long", async () => {
  const queued = example("AnalysisDetail", { status: "queued", position: 1, analysis: null, resultUrl: null });
  const long = example("AnalysisDetail", { analysis: null, resultUrl: `${server.url}/store/r?signature=a%2Fb` });
  server.on(`GET /api/analyses/${ID}`, { body: queued }, { body: long });
  server.on("GET /store/r", { body: example("Analysis", example("InferenceResult")["analysis"] as object as never) });
  const told: string[] = [];
  const done = await client().wait(ID, { onUpdate: ({ status }) => told.push(status) });
  assert.equal(done.analysis.language, "en");
  assert.deepEqual(told, ["queued", "completed"]);
  assert.equal(server.asked("GET /store/r")[0]?.query, "signature=a%2Fb");
  assert.equal(server.asked("GET /store/r")[0]?.headers.authorization, undefined);
});

test("waiting ends with the reason of a failure, in time, or by its signal", async () => {
  const error = { code: "unreadable-video", message: "no track can be read" };
  server.on(`GET /api/analyses/${ID}`, {
    body: example("AnalysisDetail", { status: "failed", analysis: null, error }),
  });
  await assert.rejects(client().wait(ID), (thrown: unknown) => {
    return thrown instanceof api.AnalysisFailedError && thrown.id === ID && thrown.code === "unreadable-video";
  });
  const queued = example("AnalysisDetail", { status: "queued", analysis: null, resultUrl: null });
  server.on(`GET /api/analyses/${ID}`, { body: queued });
  await assert.rejects(client().wait(ID, { timeout: 0.1 }), api.WaitTimeoutError);
  const stop = new AbortController();
  const waiting = client().wait(ID, { signal: stop.signal, onUpdate: () => stop.abort(new Error("stopped")) });
  await assert.rejects(waiting, /stopped/);
  await assert.rejects(client().export(ID, "json"), api.ConflictError);
});

test("pages are asked for until there is none", async () => {
  const [item] = [example("AnalysisItem")];
  server.on(
    "GET /api/analyses",
    { body: { analyses: [item], cursor: "one" } },
    { body: { analyses: [], cursor: "two" } },
    { body: { analyses: [item], cursor: null } },
  );
  const found: string[] = [];
  for await (const { id } of client().analyses({ status: "completed" })) found.push(id);
  assert.deepEqual(found, [ID, ID]);
  assert.deepEqual(
    server.seen.map((seen) => seen.query),
    ["", "&cursor=one", "&cursor=two"].map((more) => `status=completed&limit=25${more}`),
  );
});

const KINDS: [number, string, new (...given: never[]) => api.ApiError][] = [
  [400, "bad-request", api.BadRequestError],
  [401, "unauthorized", api.AuthenticationError],
  [403, "insufficient-scope", api.PermissionDeniedError],
  [404, "not-found", api.NotFoundError],
  [409, "deleted", api.ConflictError],
  [422, "invalid-request", api.BadRequestError],
  [429, "too-many-uploads", api.RateLimitError],
  [429, "quota-exceeded", api.QuotaExceededError],
  [500, "internal", api.ServerError],
];
for (const [status, code, kind] of KINDS) {
  test(`${String(status)} ${code} is ${kind.name}`, async () => {
    server.on("GET /api/usage", problem(status, code, { requestId: "r-1", limit: 5 }, "3600"));
    await assert.rejects(client().usage(), (thrown: unknown) => {
      assert.ok(thrown instanceof kind && thrown instanceof api.VideoSentimentError);
      assert.equal(thrown.constructor, kind);
      assert.deepEqual([thrown.status, thrown.code, thrown.requestId, thrown.retryAfter], [status, code, "r-1", 3600]);
      assert.equal(thrown.problem["limit"], 5);
      assert.match(thrown.message, /Title: what is wrong \(\d+ [a-z-]+, request r-1\)/);
      return true;
    });
  });
}

test("what was refused is repeated; what may have been done only where that does no harm", async () => {
  server.on("GET /api/usage", problem(429, "throttled", {}, "0"), { cutAfter: 0 }, { body: example("Usage") });
  assert.equal((await client().usage()).limit, 10_000);
  server.on("POST /api/upload-url", problem(503, "busy", {}, "0"), problem(504, "timeout", {}, "0"), {
    body: ticket("a"),
  });
  await assert.rejects(client().upload(video, named), api.ServerError);
  assert.equal(server.asked("POST /api/upload-url").length, 2);
  server.on("POST /api/upload-url", { cutAfter: 0 }, { body: ticket("a") });
  await assert.rejects(client().upload(video, named), api.NetworkError);
});

test("a failed analysis is not started again by itself", async () => {
  const failed = { id: ID, reason: "inference-failed", detail: "it failed" };
  server.on("POST /api/sentiment-inference", problem(502, "analysis-failed", failed));
  await assert.rejects(client().start("uploads/a", { wait: 5 }), api.AnalysisFailedError);
  assert.equal(server.seen.length, 1);
});

test("a wrong address or key is said at once, and the key not repeated", () => {
  for (const [baseUrl, apiKey] of [
    ["video.example.com", KEY],
    [server.url, "sk-123"],
    [server.url, `${KEY}\nX: 1`],
  ]) {
    assert.throws(
      () => new api.Client({ baseUrl: baseUrl ?? "", apiKey: apiKey ?? "" }),
      (thrown: unknown) => thrown instanceof api.ConfigurationError && !thrown.message.includes(apiKey ?? ""),
    );
  }
});

test("events are genuine and fresh, or refused", async () => {
  const body = '{"id":"evt_1","type":"webhook.test","createdAt":"2026-11-24T09:30:00Z","data":{"text":"schön"}}';
  const now = Math.floor(Date.now() / 1000);
  const sign = (secret: string, at: number) =>
    createHmac("sha256", secret)
      .update(`${String(at)}.${body}`)
      .digest("hex");
  const good = `t=${String(now)},v1=${sign("whsec_a", now)}`;
  assert.equal((await api.parseEvent(body, good, "whsec_a")).id, "evt_1");
  const both = `${good},v1=${sign("whsec_b", now)}`;
  assert.equal((await api.parseEvent(Buffer.from(body), both, "whsec_b")).type, "webhook.test");
  const old = `t=${String(now - 301)},v1=${sign("whsec_a", now - 301)}`;
  const wrong: [string, string][] = [
    [body, `t=${String(now)},v1=${sign("whsec_b", now)}`],
    [`${body} `, good],
    [body, old],
    [body, good.slice(0, -1)],
    [body, good.split(",")[0] ?? ""],
    [body, ""],
    [body, "t=,v1="],
    [body, `t=${String(now)},v1=é`],
  ];
  for (const [given, signature] of wrong) {
    await assert.rejects(api.parseEvent(given, signature, "whsec_a"), api.SignatureError, signature);
  }
});
