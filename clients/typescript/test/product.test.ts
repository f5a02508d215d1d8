/** The client against a whole product that runs: VIDEO_SENTIMENT_URL, VIDEO_SENTIMENT_API_KEY and VIDEO, a file. */
import assert from "node:assert/strict";
import { openAsBlob } from "node:fs";
import { test } from "node:test";

import { AnalysisFailedError, AuthenticationError, Client, NotFoundError } from "../src/index.js";

const { VIDEO_SENTIMENT_URL: baseUrl = "", VIDEO_SENTIMENT_API_KEY: apiKey = "", VIDEO: file = "" } = process.env;

test("a video goes in parts, is analyzed, exported, deleted and restored", { skip: !baseUrl }, async () => {
  const client = new Client({ baseUrl, apiKey, partThreshold: 1_000_000 });
  const video = await openAsBlob(file);
  const told: number[] = [];
  const upload = await client.upload(video, { fileName: "typed.mp4", onProgress: (sent) => told.push(sent) });
  assert.ok(told.length > 2, "it has several parts");
  assert.equal(told.at(-1), video.size);
  assert.ok((await client.pendingUploads()).some(({ key }) => key === upload.key));

  const { id } = await client.start(upload);
  assert.equal((await client.start(upload)).id, id);
  const statuses: string[] = [];
  const done = await client.wait(id, { timeout: 240, onUpdate: ({ status }) => statuses.push(status) });
  assert.equal(statuses.at(-1), "completed");
  assert.equal(done.fileName, "typed.mp4");
  assert.deepEqual(await client.result(id), done.analysis);
  assert.deepEqual(JSON.parse(await client.export(id, "json")), done.analysis);
  assert.match(await client.export(id, "vtt"), /^WEBVTT/);
  assert.ok((await fetch((await client.videoUrl(id)).url)).ok);
  const link = await client.share(id, { expiresInHours: 1 });
  assert.deepEqual(
    (await client.shares(id)).map((share) => share.id),
    [link.id],
  );
  await client.revokeShare(id, link.id);
  assert.deepEqual(await client.shares(id), []);
  const again = await client.start(upload, { wait: 5 });
  assert.deepEqual([again.id, again.analysis], [id, done.analysis]);

  await client.delete(id);
  await assert.rejects(client.get(id), NotFoundError);
  assert.equal((await client.restore(id)).id, id);
  for await (const delivery of client.deliveries()) assert.ok(delivery.outcome);
  for await (const event of client.auditLog()) {
    assert.deepEqual([event.event, event.subject], ["analysis-restored", id]);
    break;
  }
  await assert.rejects(client.cancel(id), { code: "not-cancellable" });
  assert.ok((await client.usage()).used > 0);
});

test("a cancelled analysis says so", { skip: !baseUrl }, async () => {
  const client = new Client({ baseUrl, apiKey });
  const { id } = await client.start(await client.upload(await openAsBlob(file), { fileName: "cancelled.mp4" }));
  await client.cancel(id);
  await assert.rejects(client.wait(id), (thrown: unknown) => {
    return thrown instanceof AnalysisFailedError && thrown.code === "cancelled";
  });
});

test("an unknown key is refused", { skip: !baseUrl }, async () => {
  const client = new Client({ baseUrl, apiKey: `${apiKey.slice(0, -1)}${apiKey.endsWith("0") ? "1" : "0"}` });
  await assert.rejects(client.usage(), AuthenticationError);
});
