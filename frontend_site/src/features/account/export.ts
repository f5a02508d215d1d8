import { api, type Schemas, unwrap } from "@/api/client";
import { fetchAnalysis } from "@/features/analyses/queries";

/** Export the account's data, without the videos: every analysis with its result, usage, API keys (no secrets), webhook. */
export async function exportAccount(onProgress: (done: number) => void): Promise<Blob> {
  const [usage, keys, webhook] = await Promise.all([
    unwrap(api.GET("/usage")),
    unwrap(api.GET("/keys")),
    unwrap(api.GET("/webhook")),
  ]);
  const analyses: unknown[] = [];
  let cursor: string | null | undefined;
  do {
    const page: Schemas["AnalysisPage"] = await unwrap(
      api.GET("/analyses", { params: { query: { cursor: cursor ?? undefined, limit: 100 } } }),
    );
    for (const { id } of page.analyses) {
      analyses.push(await fetchAnalysis(id));
      onProgress(analyses.length);
    }
    cursor = page.cursor;
  } while (cursor);
  const data = { exported_at: new Date().toISOString(), usage, keys: keys.keys, webhook: webhook.url, analyses };
  return new Blob([`${JSON.stringify(data, null, 2)}\n`], { type: "application/json" });
}
